"""Which of the contacts that the rules want are new: not over, not planned before, not too long past, not overtaken."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs
from sqlalchemy import Row

from crmcore.db import touchpoints
from crmcore.flows.planning import AHEAD, GUARD, Scene, anchor_stamp, when
from crmcore.rules import series
from crmcore.rules.care import BROADCAST, Draft
from crmcore.rules.case import Case
from crmcore.types.contact import AnchorKind

#: An event that moved after its contact was made is told again.
TOLD_AGAIN = frozenset({AnchorKind.DELIVERY_PLANNED, AnchorKind.APPOINTMENT})


def newcomers(scene: Scene, wanted: Sequence[tuple[Draft, Case]]) -> list[tuple[Draft, Case]]:
    """Those of `wanted` that are to be planned: not over, not planned before, not too long past, not overtaken."""
    cases = {draft.identity: case for draft, case in wanted}
    in_time = [draft for draft, _ in wanted if timely(scene, draft)]
    history = _history(scene, in_time)
    fresh = []
    for draft in in_time:
        again = _again(scene, draft, history)
        if again is not None:
            cases[again.identity] = cases[draft.identity]
            fresh.append(again)
    kept, overtaken = series.latest_missed(fresh, scene.rules, _planned(scene, history), scene.now)
    for draft in overtaken:
        scene.report.overtaken[draft.rule] += 1
    found = []
    for draft in kept:
        if long_past(scene, draft):
            scene.report.left_alone[draft.rule] += 1
        else:
            found.append((draft, cases[draft.identity]))
    return found


def timely(scene: Scene, draft: Draft) -> bool:
    """Does it fall due soon enough to be planned now, and is it still worth doing?"""
    last = scene.today if draft.anchor.kind in BROADCAST else scene.today + AHEAD
    soon = draft.booked or draft.timing.on <= last
    return soon and (draft.timing.expires is None or draft.timing.expires > scene.now)


def _history(scene: Scene, drafts: Sequence[Draft]) -> dict[tuple[str, str, str], list[Row[Any]]]:
    """(rule, subject, anchor) -> all that was ever planned, for every rule of the series of these drafts."""
    subjects: dict[str, set[str]] = defaultdict(set)
    for draft in drafts:
        mine = scene.rules[draft.rule]
        for rule in scene.rules.values():
            if rule.code == mine.code or (mine.series is not None and rule.series == mine.series):
                subjects[rule.code].add(draft.subject)
    found: dict[tuple[str, str, str], list[Row[Any]]] = defaultdict(list)
    for code, theirs in subjects.items():
        for row in touchpoints.of_subjects(scene.connection, code, theirs):
            found[code, row.subject, row.anchor].append(row)
    return found


def _again(scene: Scene, draft: Draft, history: Mapping[tuple[str, str, str], Sequence[Row[Any]]]) -> Draft | None:
    """`draft`, unless it was planned before; what was told of an event that moved since is told once more."""
    rows = history.get((draft.rule, draft.subject, draft.key), ())
    mine = [row for row in rows if row.occurrence.partition(".")[0] == draft.occurrence]
    if not mine:
        return draft
    last = max(mine, key=lambda row: row.id)
    moved = last.state == "DONE" and last.anchor_on != anchor_stamp(draft) and draft.timing.due > scene.now
    if draft.anchor.kind not in TOLD_AGAIN or not moved:
        return None
    return attrs.evolve(draft, occurrence=f"{draft.occurrence}.{len(mine) + 1}")


def _planned(
    scene: Scene, history: Mapping[tuple[str, str, str], Sequence[Row[Any]]]
) -> dict[series.Step, list[datetime]]:
    found: dict[series.Step, list[datetime]] = defaultdict(list)
    for (code, subject, key), rows in history.items():
        for row in rows:
            at = when(row.deadline_at or row.due_at)
            if at is not None:
                found[series.step_of(scene.rules[code], subject, key)].append(at)
    return found


def long_past(scene: Scene, draft: Draft) -> bool:
    """Late for so long when it became known that it is left alone."""
    return draft.timing.late_after < scene.now - GUARD
