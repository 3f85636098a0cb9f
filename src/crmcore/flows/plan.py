"""plan: what is owed becomes rows, once; what is still open is looked at again.

Fetch the events in each rule's window, decide with `rules.care`, compare with what is stored, write it in one transaction.
Planning twice adds nothing. A moved event moves what hangs on it, one that is gone cancels it, a hindrance that ends lifts it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import chain
from typing import Any

import attrs
from sqlalchemy import Connection, Row

from crmcore.db import touchpoints
from crmcore.db.columns import stamp
from crmcore.db.engine import Database, take_ids
from crmcore.db.schema import touchpoint
from crmcore.flows.cases import cases_of
from crmcore.flows.found import Found
from crmcore.flows.gather import Gathering
from crmcore.flows.plan_events import Events, identity, people_of
from crmcore.flows.plan_new import newcomers
from crmcore.flows.plan_together import as_fleets, bundle
from crmcore.flows.plan_who import Colleagues, staff_of
from crmcore.flows.plan_write import write
from crmcore.flows.planning import (
    AHEAD,
    GUARD,
    OVERLAP,
    THOROUGH,
    Live,
    PlanReport,
    Scene,
    Settings,
    after_calls,
    explain_draft,
    maybe,
    said_by,
    when,
)
from crmcore.flows.replay import replay
from crmcore.hooks.adapters import Clock
from crmcore.rules.anchors import unlisted
from crmcore.rules.care import Draft, Stop, best_point, decide, local_day
from crmcore.rules.case import Case
from crmcore.types.contact import AnchorKind, TouchpointRule, TouchpointState
from crmcore.types.customer import Channel

#: Text states of which nobody knows yet, or knows already, that they reached the customer: the touchpoint is left alone.
UNDER_WAY = frozenset({"SENDING", "UNKNOWN", "NEEDS_REVIEW"})
SPOKEN = frozenset({"ACCEPTED", "DELIVERED"})
_FIRST_DRY_ID = 1 << 40


def plan(
    db: Database,
    settings: Settings,
    clock: Clock,
    *,
    since: date | None = None,
    until: date | None = None,
    dry_run: bool = False,
) -> PlanReport:
    """Plan what is due; with `since` and `until` (local dates) replay a period instead, and count.

    A replay writes nothing, whatever `dry_run` says.
    """
    now = clock.now()
    if since is not None or until is not None:
        with db.reading() as connection:
            return replay(connection, settings, now, since, until)
    if dry_run:
        with db.reading() as connection:
            return _Run(connection, settings, now, dry_run=True).run()
    with db.writing() as connection:
        touchpoints.lock(connection)
        return _Run(connection, settings, now, dry_run=False).run()


class _Run:
    """One plan at one instant."""

    def __init__(self, connection: Connection, settings: Settings, now: datetime, *, dry_run: bool) -> None:
        self.connection, self.settings, self.now = connection, settings, now
        self.rules = settings.active
        self.report = PlanReport(dry_run=dry_run)
        self.today = local_day(now, settings.stores[0])
        self.scene = Scene(
            connection=connection, settings=settings, rules=self.rules, now=now, today=self.today, report=self.report
        )
        self.last = self._last_plan()
        self.events = Events(self.scene, self._gathering())
        self.colleagues = Colleagues(staff_of(connection, settings), self.today)
        self.live: list[Live] = []
        self.stops: list[tuple[Row[Any], str, str]] = []  # stored row, state, reason
        self.cases: dict[int, Case] = {}  # touchpoint id -> case

    def run(self) -> PlanReport:
        """Fetch, decide, compare, bundle, write."""
        self._close_what_is_over()
        fresh, hand_overs = self.events.fresh()
        by_rule = self._to_look_at({each.anchor.customer for each in fresh} | people_of(hand_overs))
        for code in by_rule.keys() - self.rules.keys():
            self._stop_all(by_rule.pop(code), "RULE_OFF")
        self._compare(self._decide(self.events.everything(fresh, hand_overs, by_rule), by_rule), by_rule)
        bundle(self.scene, self.live)
        if not self.report.dry_run:
            write(self.scene, self.live, self.stops, self.cases)
            self._remember()
        self._count_unlisted()
        return self.report

    # -------------------------------------------------------------- since the last plan

    def _last_plan(self) -> dict[str, str]:
        """What the last plan has looked at; nothing when it must be done again: other rules, or too long ago."""
        last = touchpoints.horizon(self.connection)
        usable = last.get("rules") == self.settings.fingerprint and last["at"] <= stamp(self.now)
        return last if usable and last["thorough"] > stamp(self.now - THOROUGH) else {}

    def _gathering(self) -> Gathering:
        first = self.today - GUARD
        shared = date.fromisoformat(self.last["today"]) + timedelta(days=1) if self.last else first
        return Gathering(
            connection=self.connection,
            settings=self.settings,
            today=self.today,
            first=first,
            last=self.today + AHEAD,
            broadcast_first=max(shared, first),
            broadcast_last=self.today,
            done_until=date.fromisoformat(self.last["until"]) if self.last else None,
            since=self._since,
        )

    @property
    def _since(self) -> str:
        at = when(self.last.get("at"))
        return "" if at is None else stamp(at - OVERLAP)

    def _remember(self) -> None:
        touchpoints.keep_horizon(
            self.connection,
            {
                "at": stamp(self.now),
                "today": self.today.isoformat(),
                "until": (self.today + AHEAD).isoformat(),
                "rules": self.settings.fingerprint,
                "thorough": self.last.get("thorough", stamp(self.now)),
            },
        )

    # -------------------------------------------------------------- what is stored

    def _close_what_is_over(self) -> None:
        """What its text has settled, and what is no longer worth doing."""
        for row in touchpoints.settled_by_text(self.connection):
            spoken = row.text_state in SPOKEN
            self.stops.append((row, "DONE" if spoken else "SKIPPED", "" if spoken else row.text_code or row.text_state))
        settled = {row.id for row, _, _ in self.stops}
        expired = [row for row in touchpoints.over(self.connection, self.now) if row.id not in settled]
        waiting = touchpoints.texts(self.connection, [row.id for row in expired if row.channel != "PHONE"])
        for row in expired:
            if row.id not in waiting or waiting[row.id].state not in UNDER_WAY:
                self.report.expired[row.rule] += 1
                self.stops.append((row, "EXPIRED", row.reason or "EXPIRED"))

    def _to_look_at(self, people_: set[int]) -> dict[str, list[Row[Any]]]:
        """What is owed and must be looked at, with all else that is owed to the same people: bundles are theirs as a whole."""
        if self.last:
            some = touchpoints.to_look_at(self.connection, self.now, self._since)
            theirs = touchpoints.of_people(self.connection, people_ | {row.customer_id for row in some})
            rows = list({row.id: row for row in (*some, *theirs)}.values())
        else:
            rows = touchpoints.still_open(self.connection)
        waiting = touchpoints.texts(self.connection, [row.id for row in rows if row.channel != "PHONE"])
        closed = {row.id for row, _, _ in self.stops}
        found: dict[str, list[Row[Any]]] = defaultdict(list)
        for row in rows:
            text = waiting.get(row.id) if row.channel != "PHONE" else None
            if row.id not in closed and (text is None or text.state not in UNDER_WAY):
                found[row.rule].append(row)
        return found

    def _stop_all(self, rows: Sequence[Row[Any]], reason: str) -> None:
        for row in rows:
            self.report.cancelled[row.rule] += 1
            self.stops.append((row, "CANCELLED", reason))

    # -------------------------------------------------------------- deciding

    def _decide(
        self, found: Sequence[Found], by_rule: Mapping[str, Sequence[Row[Any]]]
    ) -> list[tuple[Draft | Stop, Found, Case]]:
        cases = cases_of(self.connection, self.settings, self.today, found, self.now)
        decided = {
            _stored_identity(row) for row in chain.from_iterable(by_rule.values()) if '"decided"' in row.explanation
        }
        results = []
        for each in found:
            case = cases.get(id(each))
            if case is not None:
                result = decide(
                    each.rule,
                    case,
                    self.settings.store(each.anchor.store),
                    self.settings.policy,
                    self.now,
                    occurrence=each.occurrence,
                    decided=identity(each) in decided,
                )
                results.append((result, each, case))
        return results

    # -------------------------------------------------------------- comparing

    def _compare(
        self, results: Sequence[tuple[Draft | Stop, Found, Case]], by_rule: Mapping[str, Sequence[Row[Any]]]
    ) -> None:
        drafts = [(result, case) for result, _, case in results if isinstance(result, Draft)]
        gone = {identity(each): result.why for result, each, _ in results if isinstance(result, Stop)}
        known = {_stored_identity(row): row for row in chain.from_iterable(by_rule.values())}
        drafts = as_fleets(self.scene, drafts, known)
        wanted = {draft.identity: (draft, case) for draft, case in drafts}
        replaced = {
            visit: draft.key
            for draft, _ in wanted.values()
            if draft.anchor.kind is AnchorKind.HANDED_OVER
            for visit in draft.anchor.visits
        }
        for key, row in known.items():
            if key in wanted:
                self._keep(row, *wanted.pop(key))
            else:
                self._cancel(row, gone.get(key), replaced)
        self._add(newcomers(self.scene, list(wanted.values())))

    def _keep(self, row: Row[Any], draft: Draft, case: Case) -> None:
        """A stored touchpoint as the rules want it now; who was to do it stays, unless he is gone."""
        before = said_by(row)
        draft = after_calls(draft, before)
        if before.get("to_phone"):  # its text failed for good
            passed = {**before.get("passed", {}), **draft.why_channel}
            point = best_point(case.customer, Channel.PHONE)
            reason = draft.reason or row.reason
            draft = attrs.evolve(draft, channel=Channel.PHONE, point=point, reason=reason, why_channel=passed)
        if (row.due_at, row.deadline_at) != (stamp(draft.timing.due), maybe(draft.timing.deadline)):
            self.report.moved[row.rule] += 1
        self.live.append(self._live(row.id, row, draft, case))

    def _live(self, number: int, row: Row[Any] | None, draft: Draft, case: Case) -> Live:
        rule = self.rules[draft.rule]
        before = said_by(row) if row is not None else {}
        state = (
            "SUPPRESSED"
            if draft.state is TouchpointState.SUPPRESSED
            else "DUE"
            if draft.timing.due <= self.now
            else "PLANNED"
        )
        self.cases[number] = case
        return Live(
            id=number,
            before=row,
            draft=draft,
            state=state,
            reason=draft.reason,
            bundled_into=None,
            executor=self.colleagues.executor(rule, draft, case, row, before),
            said=explain_draft(draft, rule, before),
        )

    def _cancel(self, row: Row[Any], why: str | None, replaced: Mapping[int, str]) -> None:
        """What hangs on nothing any more."""
        said = said_by(row)
        newer = {replaced[visit] for visit in said.get("visits", ()) if visit in replaced}
        if why is None and newer:
            why = "NEWER_VISIT"
        self._stop_all([row], why or _gone(row.rule, self.rules))

    def _add(self, wanted: Sequence[tuple[Draft, Case]]) -> None:
        ids = range(_FIRST_DRY_ID, _FIRST_DRY_ID + len(wanted))
        if not self.report.dry_run:
            ids = take_ids(self.connection, touchpoint, len(wanted))
        for number, (draft, case) in zip(ids, wanted, strict=True):
            live = self._live(number, None, draft, case)
            if self._known_late(draft):
                live.said["known_late"] = True
            self.live.append(live)
            self.report.added[draft.rule] += 1
            if live.state == "SUPPRESSED":
                self.report.suppressed[draft.rule] += 1

    def _known_late(self, draft: Draft) -> bool:
        """Was its time over when it became known? What is due on a day, without a deadline, is in time on all of that day."""
        if draft.timing.deadline is None and "T" not in self.rules[draft.rule].offset:
            return local_day(draft.timing.due, self.settings.store(draft.anchor.store)) < self.today
        return draft.timing.late_after < self.now

    def _count_unlisted(self) -> None:
        for rule in self.rules.values():
            self.report.unlisted += [(rule.code, year) for year in unlisted(rule, self.today, self.today + AHEAD)]


def _stored_identity(row: Row[Any]) -> tuple[str, str, str, str]:
    """What `identity` says of the event of a stored touchpoint; "1.2" is the first one, told again."""
    return (row.rule, row.subject, row.anchor, row.occurrence.partition(".")[0])


def _gone(code: str, rules: Mapping[str, TouchpointRule]) -> str:
    renewed = {AnchorKind.INSURANCE_END, AnchorKind.INSPECTION_DUE, AnchorKind.WARRANTY_END}
    serviced = {AnchorKind.NEXT_SERVICE, AnchorKind.FIRST_SERVICE, AnchorKind.LAST_VISIT}
    kind = rules[code].anchor
    return "RENEWED" if kind in renewed else "NEW_SERVICE" if kind in serviced else "ANCHOR_GONE"
