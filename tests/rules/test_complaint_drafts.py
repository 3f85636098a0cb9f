"""Of what several finders say, nothing is lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from crmcore.rules.complaints.drafts import together
from crmcore.types.complaint import ComplaintDraft, ComplaintForm, Severity

WORDS = ComplaintDraft(category="PRICE", severity=Severity.LOW, verbatim="太贵", why=("word:太贵",))
LOW = ComplaintDraft(
    severity=Severity.SERIOUS, form=ComplaintForm.GRUMBLE, demand="退钱", why=("alert:Q1=2<6", "word:太贵")
)

drafts = st.builds(
    ComplaintDraft,
    category=st.sampled_from(["OTHER", "PRICE", "TIMELINESS"]),
    severity=st.sampled_from(Severity),
    form=st.sampled_from(ComplaintForm),
    why=st.tuples(st.sampled_from(["a", "b", "c"])),
)


def test_one_draft_is_itself():
    """A draft that stands alone is kept as it is."""
    assert WORDS == together([WORDS])


def test_each_says_what_it_knows():
    """Category and words come from who has them, whichever is asked first; the graver severity and the plainer form hold."""
    expected = ComplaintDraft(
        category="PRICE",
        severity=Severity.SERIOUS,
        form=ComplaintForm.COMPLAINT,
        verbatim="太贵",
        demand="退钱",
        why=("word:太贵", "alert:Q1=2<6"),
    )
    other = together([LOW, WORDS])

    assert expected == together([WORDS, LOW])
    assert ("PRICE", Severity.SERIOUS, ComplaintForm.COMPLAINT) == (other.category, other.severity, other.form)


@given(st.lists(drafts, min_size=1, max_size=4))
def test_nothing_becomes_milder(found):
    """No draft makes the case milder than another said, and every reason is kept once."""
    made = together(found)

    assert max(map(list(Severity).index, (each.severity for each in found))) == list(Severity).index(made.severity)
    assert {why for each in found for why in each.why} == set(made.why)
    assert len(made.why) == len(set(made.why))
