"""A plan as it is stored: touchpoints closed, added and changed, and texts queued, in the transaction that planned them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row

from crmcore.db import touchpoints
from crmcore.db.columns import stamp
from crmcore.flows.due_texts import queue_texts
from crmcore.flows.planning import Live, Scene, anchor_stamp, maybe
from crmcore.rules.case import Case
from crmcore.types.customer import Channel


def write(
    scene: Scene, lives: Sequence[Live], stops: Sequence[tuple[Row[Any], str, str]], cases: Mapping[int, Case]
) -> None:
    """Close what is over, add what is new, change what differs, and queue the texts that are due."""
    at = stamp(scene.now)
    touchpoints.close_many(scene.connection, [(row.id, state, reason) for row, state, reason in stops], scene.now)
    touchpoints.come_due(scene.connection, scene.now)
    supervisors = {code: json.dumps([role.value for role in rule.supervisors]) for code, rule in scene.rules.items()}
    touchpoints.insert(
        scene.connection, [_values(live, supervisors[live.rule], at) for live in lives if live.before is None]
    )
    changed = [(live, _changing(live, at)) for live in lives if live.before is not None]
    different = [(live, values) for live, values in changed if _differs(live, values)]
    touchpoints.change(scene.connection, [(*values, live.id) for live, values in different])
    quiet = [live for live, _ in different if live.state != "DUE" or live.bundled_into is not None or _is_call(live)]
    touchpoints.cancel_texts(scene.connection, [live.id for live in quiet], "PLAN_CHANGED", scene.now)
    for live, _ in different:
        if live.state == "SUPPRESSED" and live.before is not None and live.before.state != "SUPPRESSED":
            scene.report.suppressed[live.rule] += 1
    due = [live for live in lives if live.state == "DUE" and live.bundled_into is None and not _is_call(live)]
    riders: dict[int, list[Live]] = defaultdict(list)
    for live in lives:
        if live.bundled_into is not None:
            riders[live.bundled_into].append(live)
    for code, count in queue_texts(scene.connection, scene.settings, due, riders, cases, scene.now).items():
        scene.report.texts[code] += count


def _is_call(live: Live) -> bool:
    return live.draft is None or live.draft.channel is Channel.PHONE


_json = json.JSONEncoder(ensure_ascii=False).encode


def _changing(live: Live, at: str) -> tuple[Any, ...]:
    """The values of `touchpoints.CHANGING`."""
    draft = live.draft
    assert draft is not None
    fleet = bool(draft.members)
    return (
        anchor_stamp(draft),
        draft.anchor.vehicle,
        None if fleet else draft.anchor.visit,
        stamp(draft.timing.due),
        maybe(draft.timing.deadline),
        maybe(draft.timing.expires),
        draft.channel.value,
        live.executor,
        live.state,
        live.reason,
        live.bundled_into,
        _json(live.said),
        at,
    )


def _differs(live: Live, values: Sequence[Any]) -> bool:
    before = live.before
    assert before is not None
    return any(
        getattr(before, name) != value
        for name, value in zip(touchpoints.CHANGING, values, strict=True)
        if name != "updated_at"
    )


def _values(live: Live, supervisors: str, at: str) -> tuple[Any, ...]:
    """The values of `touchpoints.COLUMNS`."""
    draft = live.draft
    assert draft is not None
    on, vehicle, visit, due, deadline, expires, channel, executor, state, reason, into, said, _ = _changing(live, at)
    return (
        live.id, draft.rule, draft.subject, draft.key, on, draft.occurrence, draft.anchor.store, draft.anchor.customer, vehicle, visit,
        due, deadline, expires, channel, draft.message_class.value, executor, supervisors, state, reason, into, said, at, at,
    )  # fmt: skip
