"""What 0.1.0 offers is written down in promised.json: whatever goes from it, or asks for more, breaks somebody's program."""

from __future__ import annotations

import ast
import copy
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from crmcore import hooks
from crmcore.hooks import adapters

ROOT = Path(__file__).parents[2]
PROMISED = json.loads((Path(__file__).parent / "promised.json").read_text("utf-8"))
PRINTED = PROMISED.pop("json")
#: Classes whose methods authors write: the core must go on calling them as it did.
WRITTEN_BY_AUTHORS = {
    f"crmcore.hooks.{name}"
    for name in hooks.__all__
    if isinstance(cls := getattr(hooks, name), type) and issubclass(cls, adapters.Adapter | adapters.Capability)
}


@pytest.fixture(name="promises", scope="module")
def _promises():
    """release/promises.py, which collects what is offered."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "docs"))
        patch.syspath_prepend(str(ROOT / "release"))
        import promises  # type: ignore[import-not-found]

        yield promises


@pytest.fixture(name="offered", scope="module")
def _offered(promises):
    return promises.offered()


def broken(promised, offered) -> list[str]:
    """Everything that somebody may rely on and that is no longer there, or no longer enough."""
    found = []
    for kind, before in promised.items():
        now = offered[kind]
        if isinstance(before, list):
            found += [f"{kind}: {each}" for each in before if each not in now]
            continue
        found += [f"{kind}: {name}" for name in before if name not in now]
        for name in before.keys() & now.keys():
            found += [f"{kind}: {name}: {said}" for said in lost(name, before[name], now[name])]
    return found


def lost(name: str, before: list[str], now: list[str]) -> Iterator[str]:
    """Of the members of one thing."""
    calls = {each.partition("(")[0]: each for each in now if "(" in each}
    for each in before:
        if "(" not in each:
            if each not in now and f"{each}=" not in now:
                yield each
        elif (called := each.partition("(")[0]) not in calls:
            yield each
        elif each != (here := calls[called]) and (name in WRITTEN_BY_AUTHORS or not still_taken(each, here)):
            yield f"{each} -> {here}"


def still_taken(before: str, now: str) -> bool:
    """Whoever called it as it was can go on."""
    old, new = arguments(before), arguments(now)
    places = [name for name, (kind, _) in old.items() if kind == "place"]
    return (
        places == [name for name, (kind, _) in new.items() if kind == "place"][: len(places)]
        and all(name in new and new[name][1] >= optional for name, (_, optional) in old.items())
        and all(optional for name, (_, optional) in new.items() if name not in old)
    )


def arguments(said: str) -> dict[str, tuple[str, bool]]:
    """Name -> how it is given ("place" or "name"), and whether it may be left out."""
    called = ast.parse(f"def {said}: ...").body[0]
    assert isinstance(called, ast.FunctionDef)
    given, places = called.args, [*called.args.posonlyargs, *called.args.args]
    optional = len(places) - len(given.defaults)
    found = {each.arg: ("place", number >= optional) for number, each in enumerate(places)}
    found |= {
        each.arg: ("name", default is not None)
        for each, default in zip(given.kwonlyargs, given.kw_defaults, strict=True)
    }
    return found | {f"*{each.arg}": ("more", True) for each in (given.vararg, given.kwarg) if each}


def test_nothing_that_was_promised_is_gone(offered):
    """Names, fields, members, arguments, codes, keys, commands, options, exit codes and schemas are as they were, or more."""
    assert [] == broken(PROMISED, offered), "somebody relies on it; release/promises.py says when a line may go"


def test_machines_find_what_they_were_told_to_look_for(promises, tmp_path):
    """What is printed with --json after a demo has every key that it had, where it had it."""
    assert [] == broken({"json": PRINTED}, {"json": promises.printed(tmp_path / "demo")}), "programs read these keys"


def test_enough_is_promised():
    """The file holds the interface, and not a part of it that was collected by mistake."""
    assert {"names", "errors", "reasons", "keys", "commands", "exit codes", "schemas"} == PROMISED.keys()
    assert {"crmcore.Crm", "crmcore.hooks.hookimpl", "crmcore.testing.MessagingContract"} <= PROMISED["names"].keys()
    assert "send(self, message, *, key)" in PROMISED["names"]["crmcore.hooks.MessagingAdapter"]
    assert "vendor_id=" in PROMISED["names"]["crmcore.types.contact.Reply"]
    assert "CRM-P120" in PROMISED["errors"]
    assert "GATE_FAILED" in PROMISED["reasons"]
    assert "timezone" in PROMISED["keys"]["`[store]`, or `[[stores]]` for several"]
    assert "--messaging" in PROMISED["commands"]["crmcore demo"]
    assert [0, 1, 2, 3, 4, 70] == PROMISED["exit codes"]
    assert {"sources[].accepted", "sources[].rejected"} <= set(PRINTED["sync"])
    assert {"events[].recorded_at", "cursor"} <= set(PRINTED["events"])
    assert not [command for command, paths in PRINTED.items() if "schema" not in paths or "exit_code" in paths]
    assert {"sync@1", "events@1", "contract@1", "report.daily@1"} <= set(PROMISED["schemas"])


MESSAGING, REPLY, CRM = "crmcore.hooks.MessagingAdapter", "crmcore.types.contact.Reply", "crmcore.Crm"


@pytest.mark.parametrize(
    ("name", "before", "now"),
    [
        (REPLY, "vendor_id=", None),  # a field goes
        (REPLY, "vendor_id=", "vendor_id"),  # a field must be given
        ("crmcore.Channel", "SMS=", None),  # a member goes
        (CRM, "sync(self, *names)", None),  # a method goes
        (CRM, "sync(self, *names)", "sync(self, *names, store)"),  # one more must be said
        (CRM, "sync(self, *names)", "sync(self, names)"),
        (CRM, "send(self, *, yes, limit=...)", "send(self, *, yes)"),  # an argument goes
        (CRM, "send(self, *, yes, limit=...)", "send(self, *, yes, limit)"),  # one must be given
        (MESSAGING, "send(self, message, *, key)", "send(self, message, *, key, again=...)"),  # authors do not take it
    ],
)
def test_what_breaks_a_program_is_noticed(offered, name, before, now):
    """A field, a member, a method or an argument that goes or is suddenly needed is named."""
    changed = copy.deepcopy(offered)
    members = changed["names"][name]
    members[members.index(before) : members.index(before) + 1] = [now] if now else []

    assert [] == broken(PROMISED, offered)
    assert [name] == [each.split(": ")[1] for each in broken(PROMISED, changed)]


@pytest.mark.parametrize("kind", sorted(PROMISED))
def test_what_goes_is_noticed(offered, kind):
    """A name, code, key, command, exit code or schema that goes is named."""
    changed = copy.deepcopy(offered)
    first = next(iter(changed[kind]))
    if isinstance(changed[kind], dict):
        del changed[kind][first]
    else:
        changed[kind].remove(first)

    assert [f"{kind}: {first}"] == broken(PROMISED, changed)


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ("send(self, *, yes, limit=...)", "send(self, *, yes, limit=..., store=...)"),
        ("due(self, until)", "due(self, until=..., *more)"),
        ("of(self, customer)", "of(self, customer, until=...)"),
    ],
)
def test_what_may_grow_may_grow(before, now):
    """One more that may be left out, and one that need no longer be given, disturb nobody."""
    assert still_taken(before, now)


def test_a_key_that_goes_is_noticed():
    """A key that a command prints no more is named with its command; a key that is a code of the dealer's may be any."""
    changed = copy.deepcopy(PRINTED)
    changed["sync"].remove("sources[].accepted")

    assert ["json: sync: sources[].accepted"] == broken({"json": PRINTED}, {"json": changed})


def test_paths_of_keys(promises):
    """Names stand as they are, in lists as well; what is data is a star."""
    told = {"schema": "x", "rows": [{"id": 1}, {"id": 2, "by": {"SMS": 3, "13800130001": 4}}]}

    assert {"schema", "rows", "rows[].id", "rows[].by", "rows[].by.*"} == set(promises.paths(told))


def test_a_release_only_adds(promises, offered):
    """Written again, the file keeps what it had, and what is new stands behind."""
    before = {"errors": ["CRM-A000"], "names": {CRM: ["gone(self)"], "crmcore.Gone": ["x"]}}
    after = promises.joined(before, {"errors": ["CRM-B000"], "names": {CRM: ["sync(self)"]}})

    assert {
        "errors": ["CRM-A000", "CRM-B000"],
        "names": {CRM: ["gone(self)", "sync(self)"], "crmcore.Gone": ["x"]},
    } == after
    assert offered == json.loads(promises.written(offered))
