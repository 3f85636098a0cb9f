"""Of what several finders say, nothing is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.rules.complaints.drafts import together
from crmcore.rules.complaints.ending import restored
from crmcore.testing import strategies
from crmcore.types.complaint import ComplaintDraft, ComplaintForm, Restoration, Severity

WORDS = ComplaintDraft(category="PRICE", severity=Severity.LOW, verbatim="太贵", why=("word:太贵",))
LOW = ComplaintDraft(
    severity=Severity.SERIOUS, form=ComplaintForm.GRUMBLE, demand="退钱", why=("alert:Q1=2<6", "word:太贵")
)

drafts = strategies.complaint_drafts()


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


@pytest.mark.parametrize(
    ("said", "waiver", "content"),
    [
        (Restoration.RESTORED, None, True),
        (Restoration.EXCEEDED, None, True),
        (Restoration.NOT_RESTORED, None, False),
        (Restoration.NOT_RESTORED, "WAIVER_SETTLED_IN_PERSON", False),
        (None, "WAIVER_SETTLED_IN_PERSON", True),
        (None, "WAIVER_UNREACHABLE", False),
        (None, None, False),
    ],
)
def test_only_who_said_so_is_content(said, waiver, content):
    """Who could not be reached, or got our last word, is not taken for content."""
    assert content is restored(said, waiver)
