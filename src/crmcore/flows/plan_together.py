"""What is said together: one contact a week for a fleet, one for what falls due to one person within a few days."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row

from crmcore.db import touchpoints
from crmcore.flows.plan_new import long_past, timely
from crmcore.flows.planning import Live, Scene, said_by
from crmcore.rules import bundling
from crmcore.rules.care import Draft, local_day
from crmcore.rules.case import Case
from crmcore.types.contact import TouchpointState


def as_fleets(
    scene: Scene, drafts: Sequence[tuple[Draft, Case]], known: Mapping[tuple[str, str, str, str], Row[Any]]
) -> list[tuple[Draft, Case]]:
    """One contact per rule and week for a person with many cars; what is suppressed there waits unseen.

    What was planned for one car before the person had many stays as it is.
    """
    found: list[tuple[Draft, Case]] = []
    fleets: dict[tuple[str, int], list[tuple[Draft, Case]]] = defaultdict(list)
    for draft, case in drafts:
        many = case.vehicles > scene.settings.bundling.fleet_above and scene.rules[draft.rule].fleet
        if many and draft.vehicles and draft.identity not in known:
            fleets[draft.rule, draft.anchor.customer].append((draft, case))
        else:
            found.append((draft, case))
    named = {member for row in known.values() for member in said_by(row).get("members", ())}
    for (code, customer), theirs in fleets.items():
        planned = [draft for draft, _ in theirs if draft.state is TouchpointState.PLANNED and timely(scene, draft)]
        wanted = [draft for draft in planned if bundling.member_of(draft) in named or not long_past(scene, draft)]
        _count(scene.report.left_alone, code, len(planned) - len(wanted))
        _count(scene.report.suppressed, code, sum(draft.state is TouchpointState.SUPPRESSED for draft, _ in theirs))
        store = scene.settings.store(theirs[0][0].anchor.store)
        weekly = bundling.fleet(wanted, store, _closed_weeks(scene, code, customer))
        found += [(draft, theirs[0][1]) for draft in weekly]
    return found


def _count(counter: Counter[str], code: str, number: int) -> None:
    if number:
        counter[code] += number


def _closed_weeks(scene: Scene, code: str, customer: int) -> dict[str, list[str]]:
    rows = touchpoints.of_subjects(scene.connection, code, [f"customer:{customer}"])
    return {
        row.anchor.partition(":")[2]: said_by(row).get("members", [])
        for row in rows
        if row.anchor.startswith("fleet:") and row.state not in touchpoints.OPEN
    }


def bundle(scene: Scene, lives: Sequence[Live]) -> None:
    """Say of each of `lives` on which other it rides."""
    within = scene.settings.bundling.within_days
    contacts = []
    several = Counter(live.draft.anchor.customer for live in lives if live.draft is not None)
    for live in lives:
        draft = live.draft
        if draft is None or live.state == "SUPPRESSED" or not scene.rules[draft.rule].bundle:
            continue
        if several[draft.anchor.customer] == 1:
            continue
        # What is late already is made as soon as it can be: today, and no later deadline is missed by riding.
        ends = [at for at in (draft.timing.deadline, draft.timing.expires) if at is not None and at >= scene.now]
        on = local_day(max(draft.timing.due, scene.now), scene.settings.store(draft.anchor.store))
        contacts.append(
            bundling.Contact(
                ref=live.id,
                customer=draft.anchor.customer,
                store=draft.anchor.store,
                on=on,
                due=draft.timing.due,
                late=min(ends, default=None),
                channel=draft.channel,
                message_class=draft.message_class,
            )
        )
    riders = bundling.bundle(contacts, within)
    for live in lives:
        live.bundled_into = riders.get(live.id)
        if live.bundled_into is not None and (live.before is None or live.before.bundled_into != live.bundled_into):
            scene.report.bundled[live.rule] += 1
