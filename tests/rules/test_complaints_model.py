"""A case is worked on in every order that anybody can think of, and keeps its promises."""

from datetime import timedelta

import attrs
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from tests.rules.complaining import POLICY, STORE, TODAY, at, case, colleague

from crmcore.rules.complaints.clocks import (
    callback_clock,
    due,
    open_clocks,
    pause,
    reclassify,
    resting,
    resume,
    stop,
)
from crmcore.rules.complaints.closing import WAIVERS, after_callback, may_close
from crmcore.rules.complaints.ladder import escalations
from crmcore.rules.complaints.owners import may_own
from crmcore.rules.complaints.states import stops, transition
from crmcore.types.complaint import (
    ENDED,
    ClockKind,
    Complaint,
    ComplaintEvent,
    EventKind,
    Restoration,
    Severity,
)
from crmcore.types.contact import AttemptOutcome, ContactAttempt
from crmcore.types.store import Role

STAFF = [
    colleague("ADVISOR", Role.SERVICE_ADVISOR),
    colleague("MANAGER", Role.SERVICE_MANAGER),
    colleague("TECH", Role.TECHNICIAN),
    colleague("AWAY", Role.CR_AGENT, away_until=TODAY + timedelta(days=30)),
]
PLAIN = st.sampled_from([event for event in EventKind if event not in {EventKind.OPEN, EventKind.CLOSE}])


class CaseUnderWork(RuleBasedStateMachine):
    """Does what a flow does with the rules: an event, the state it leads to, the clocks it stops or starts."""

    case: Complaint

    @initialize(severity=st.sampled_from(Severity), first=st.sampled_from(["ADVISOR", "TECH"]))
    def open(self, severity, first):
        self.now = at("11:00")
        self.first_asked = first
        clocks = open_clocks(POLICY, severity, STORE, self.now)
        self.case = case(severity=severity, first_asked=first, accused=("ADVISOR",), clocks=clocks)
        self.history: list[ComplaintEvent] = []
        self.known: set[tuple[int, int]] = set()
        self.heard = self.waived = False
        self.write(EventKind.OPEN, None)

    def write(self, event, before):
        self.history.append(
            ComplaintEvent(
                at=self.now, recorded_at=self.now, who="crmcore", kind=event, before=before, after=self.case.state
            )
        )

    def happen(self, event, *, reached=True):
        """The one way anything changes; False when it cannot."""
        after = transition(self.case.state, event)
        if after is None:
            return False
        before = self.case
        clocks = stop(before.clocks, stops(event, reached=reached), STORE, self.now)
        if event is EventKind.RESOLVE:
            clocks = (*clocks, callback_clock(POLICY, STORE, self.now, before.round))
            self.heard = self.waived = False
            self.case = attrs.evolve(self.case, resolved_at=self.now)
        if event is EventKind.REOPEN:
            self.case = attrs.evolve(self.case, round=before.round + 1, resolved_at=None)
            clocks = (*clocks, *open_clocks(POLICY, before.severity, STORE, self.now, before.round + 1))
        self.case = attrs.evolve(self.case, state=after, clocks=clocks)
        stopped = {b.kind for b, a in zip(before.clocks, clocks, strict=False) if b.stopped_at != a.stopped_at}
        assert stopped <= stops(event, reached=reached)
        self.write(event, before.state)
        return True

    @rule(minutes=st.integers(1, 900))
    def wait(self, minutes):
        self.now += timedelta(minutes=minutes)

    @rule(event=PLAIN)
    def anything(self, event):
        if event is EventKind.CALL_BACK:
            self.happen(event, reached=False)
        elif event is EventKind.WAIVE:
            self.waived = self.happen(event) or self.waived
        else:
            self.happen(event)

    @rule(
        outcome=st.sampled_from(AttemptOutcome),
        said=st.none() | st.sampled_from(Restoration),
        waiver=st.none() | st.sampled_from([*WAIVERS, "BECAUSE"]),
        ago=st.integers(0, 600),
        call=st.booleans(),
    )
    def try_to_end(self, outcome, said, waiver, ago, call):
        """A call that may be older than the solution, a waiver that may be invented, or nothing at all."""
        made = self.now - timedelta(minutes=ago)
        callback = ContactAttempt(id="A1", complaint_id="K1", at=made, outcome=outcome, result="DONE") if call else None
        why = may_close(self.case, callback, said=said, waiver=waiver)
        content = outcome is AttemptOutcome.SUCCESS and said in {Restoration.RESTORED, Restoration.EXCEEDED}
        fits = call and self.case.resolved_at is not None and made >= self.case.resolved_at
        if why is None:
            assert (fits and content) or waiver in WAIVERS
            self.waived = waiver is not None and self.happen(EventKind.WAIVE)
            self.heard = waiver is None and self.happen(EventKind.CALL_BACK)
            assert self.happen(EventKind.CLOSE)
        elif why == "CUSTOMER_NOT_RESTORED" and call and after_callback(outcome, said) is EventKind.REOPEN:
            assert self.happen(EventKind.REOPEN)

    @rule(kind=st.sampled_from(ClockKind))
    def stand_still(self, kind):
        if transition(self.case.state, EventKind.PAUSE) is not None:
            clocks = tuple(
                pause(clock, self.now, "PAUSE_PARTS") if clock.kind is kind else clock for clock in self.case.clocks
            )
            self.case = attrs.evolve(self.case, clocks=clocks)
            self.happen(EventKind.PAUSE)

    @rule()
    def go_on(self):
        if transition(self.case.state, EventKind.RESUME) is not None:
            self.case = attrs.evolve(
                self.case, clocks=tuple(resume(clock, STORE, self.now) for clock in self.case.clocks)
            )
            self.happen(EventKind.RESUME)

    @rule(severity=st.sampled_from(Severity))
    def classify(self, severity):
        started = {(clock.round, clock.kind): clock.started_at for clock in self.case.clocks}
        if self.happen(EventKind.CLASSIFY):
            clocks = reclassify(self.case.clocks, POLICY, severity, STORE)
            self.case = attrs.evolve(self.case, severity=severity, clocks=clocks)

        assert started == {(clock.round, clock.kind): clock.started_at for clock in self.case.clocks}

    @rule(colleague=st.sampled_from(STAFF))
    def assign(self, colleague):
        if may_own(colleague, self.case, TODAY) is None and self.happen(EventKind.ASSIGN):
            self.case = attrs.evolve(self.case, owner=colleague.code)

    @rule()
    def escalate(self):
        for each in escalations(self.case, POLICY, self.known, self.now):
            assert (each.round, each.level) not in self.known
            self.known.add((each.round, each.level))
            assert self.happen(EventKind.ESCALATE)

    @invariant()
    def the_first_asked_stays(self):
        assert self.first_asked == self.case.first_asked

    @invariant()
    def the_owner_is_fit(self):
        assert self.case.owner in {None, "MANAGER"}

    @invariant()
    def every_event_begins_where_the_last_one_ended(self):
        steps = zip(self.history, self.history[1:], strict=False)

        assert [] == [(a.kind, b.kind) for a, b in steps if a.after is not b.before]

    @invariant()
    def the_round_counts_the_reopenings(self):
        reopened = sum(each.kind is EventKind.REOPEN for each in self.history)

        assert 1 + reopened == self.case.round == max(clock.round for clock in self.case.clocks)

    @invariant()
    def out_of_the_end_leads_only_a_reopening(self):
        left = [each.kind for each in self.history if each.before in ENDED and each.after is not each.before]

        assert {EventKind.REOPEN} >= set(left)

    @invariant()
    def it_is_closed_only_after_the_customer_was_heard_or_somebody_answers_for_it(self):
        if self.history[-1].kind is EventKind.CLOSE:
            assert self.heard or self.waived

    @invariant()
    def each_round_has_each_clock_once(self):
        names = [(clock.round, clock.kind) for clock in self.case.clocks]

        assert len(names) == len(set(names))

    @invariant()
    def only_the_open_round_runs_and_an_ended_case_has_no_clock_running(self):
        running = {clock.round for clock in self.case.clocks if clock.stopped_at is None}

        assert running <= (set() if self.case.state in ENDED else {self.case.round})

    @invariant()
    def a_deadline_is_what_its_pauses_make_it(self):
        for clock in self.case.clocks:
            assert due(clock, STORE).at == clock.due_at
            assert clock.stopped_at is None or resting(clock) is None

    @invariant()
    def the_handover_never_stands_still(self):
        assert not [clock for clock in self.case.clocks if clock.kind is ClockKind.HANDOVER and clock.pauses]


TestACaseUnderWork = CaseUnderWork.TestCase
TestACaseUnderWork.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
