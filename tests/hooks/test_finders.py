"""What a broken complaint finder can do to the others and to the customer's words: nothing."""

from __future__ import annotations

import types

import attrs
import pytest

from crmcore.hooks import hookimpl
from crmcore.hooks.manager import Plugins
from crmcore.types.complaint import ComplaintDraft, ComplaintForm, Severity
from crmcore.types.contact import Reply

KNOWN = {"PRICE", "OTHER"}
TEXT = Reply(sender="13800130001", text="太贵了，退钱")
GOOD = ComplaintDraft(category="PRICE", why=("word:太贵",))


def plugin(name, answer):
    """A module whose finder answers, or does, what it is told."""

    def crmcore_find_complaint(evidence):
        return answer(evidence) if callable(answer) else answer

    module = types.ModuleType(name)
    module.crmcore_find_complaint = hookimpl(crmcore_find_complaint)
    return module


def ask(*modules):
    plugins = Plugins(extra=modules)
    mine = [name for name in plugins.finders() if name in {module.__name__ for module in modules}]
    return plugins, [plugins.find_complaint(name, TEXT, KNOWN) for name in mine]


def fails(error):
    def answer(_evidence):
        raise error

    return answer


def test_hook_crmcore_find_complaint_is_believed():
    """A finder that keeps the contract is believed, one that sees nothing says nothing, and neither is warned of."""
    plugins, found = ask(plugin("good", GOOD), plugin("blind", None))

    assert [GOOD, None] == found
    assert [] == plugins.warnings


@pytest.mark.parametrize("error", [ValueError("13800130001 说退钱"), SystemExit(3), RecursionError()])
def test_a_finder_that_fails_counts_as_none(error):
    """Whatever a hook raises concerns it alone; the warning names it and quotes nothing of what the customer said."""
    plugins, found = ask(plugin("bad", fails(error)), plugin("good", GOOD))
    plugins.find_complaint("bad", TEXT, KNOWN)

    assert [None, GOOD] == found
    assert [("bad", "find", type(error).__name__)] == [(w.plugin, w.stage, w.error) for w in plugins.warnings]
    assert {"ok"} == {row["status"] for row in plugins.rows() if row["plugin"] in {"bad", "good"}}


def test_ctrl_c_passes():
    """Only Ctrl-C ends the run."""
    plugins = Plugins(extra=[plugin("slow", fails(KeyboardInterrupt()))])

    with pytest.raises(KeyboardInterrupt):
        plugins.find_complaint("slow", TEXT, KNOWN)


@pytest.mark.parametrize(
    "answer",
    [
        "PRICE",
        {"category": "PRICE"},
        attrs.evolve(GOOD, severity="HIGH"),
        attrs.evolve(GOOD, form="GRUMBLE"),
        attrs.evolve(GOOD, category=None),
        attrs.evolve(GOOD, verbatim=b"x"),
        attrs.evolve(GOOD, demand=None),
        attrs.evolve(GOOD, why="word"),
        attrs.evolve(GOOD, why=(1,)),
    ],
)
def test_what_is_no_draft_counts_as_none(answer):
    """An answer of another shape would break the transaction that keeps the customer's words; it is left out and named."""
    plugins, found = ask(plugin("odd", answer))

    assert [None] == found
    assert ["odd"] == [warning.plugin for warning in plugins.warnings]


def test_a_category_that_nobody_knows_is_other():
    """A wrong word of a plugin must not lose a complaint."""
    plugins, found = ask(plugin("odd", attrs.evolve(GOOD, category="PRIZE", severity=Severity.SERIOUS)))

    assert [("OTHER", Severity.SERIOUS, GOOD.why)] == [(one.category, one.severity, one.why) for one in found]
    assert "OTHER" in plugins.warnings[0].error


def test_what_no_database_can_hold_is_taken_out():
    """NUL and halves of a pair would be refused by the store, and the reply with them; endless words are cut."""
    draft = attrs.evolve(GOOD, verbatim="a\x00b\ud83d" + "长" * 9_999, form=ComplaintForm.GRUMBLE)
    _, found = ask(plugin("odd", draft))

    assert found[0].verbatim.startswith("ab?长")
    assert len(found[0].verbatim) == 4_000


def test_a_finder_may_leave_out_the_argument():
    """Pluggy lets a hook take fewer arguments than there are."""
    module = types.ModuleType("always")

    def crmcore_find_complaint():
        return GOOD

    module.crmcore_find_complaint = hookimpl(crmcore_find_complaint)

    assert [GOOD] == ask(module)[1]
