"""The analysis of callbacks (无效回访分析, S3): outcomes by cause, source, advisor and caller, and how numbers decay by source."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from itertools import accumulate
from typing import Any

import attrs
from sqlalchemy import Row

from crmcore import lang as catalogue
from crmcore.config import Config
from crmcore.db import calls as query
from crmcore.db import survey_facts
from crmcore.db.columns import instant
from crmcore.db.engine import Database
from crmcore.flows import naming
from crmcore.flows.report_head import Frame
from crmcore.reports.call_quality import CallQuality, CauseCount, Decay, GroupCount, ResultCount
from crmcore.rules.attempts import CALLER
from crmcore.types.contact import AttemptOutcome, CallResult, Effect

FAMILIES = tuple(one.value for one in AttemptOutcome)


def call_quality(db: Database, config: Config, frame: Frame, *, lang: str = "") -> CallQuality:
    """What the calls of `frame` came to; a customer counts as called once somebody dialled, and as reached once a call succeeded."""
    lang = lang or config.lang or "zh"
    _, since, before = frame.instants()
    with db.reading() as connection:
        calls = query.made(connection, frame.codes, since, before)
        found = query.sources(connection, {row.customer_id for row in calls})
        names = naming.staff_names(connection) | {one.code: one.name for one in config.staff}
        codes = survey_facts.staff_codes(connection, config.staff)
        over = query.given_up(connection, frame.codes, since, before)
        texts = query.texts_instead(connection, frame.codes, config.callbacks.missed_template, since, before)
        waiting = query.waiting_numbers(connection, frame.codes)
    view = _View(calls=calls, results=config.results, names=names, sources=found, lang=lang)
    handover = timedelta(minutes=config.complaints.handover.minutes)
    whole = view.group("", calls)
    return CallQuality(
        store=frame.name,
        since=frame.period.since,
        until=frame.period.until,
        generated_at=f"{frame.now.astimezone(frame.zone):%Y-%m-%d %H:%M}",
        data_through=frame.minute(max((row.recorded_at for row in calls), default=None)),
        calls=len(calls),
        success=whole.success,
        failed=whole.failed,
        invalid=whole.invalid,
        customers=whole.customers,
        reached=whole.reached,
        calls_to_reached=view.calls_to_reached(),
        late=sum(instant(row.recorded_at) - instant(row.at) > handover for row in calls),
        given_up=over,
        instead=texts,
        proposals=waiting,
        results=view.by_result(),
        causes=view.by_cause(),
        sources=view.groups(lambda row: found.get(row.customer_id, "")),
        advisors=view.groups(lambda row: codes.get(row.advisor, row.advisor) or ""),
        callers=view.groups(lambda row: row.staff or ""),
        decay=view.decay(frame),
    )


@attrs.frozen(kw_only=True, eq=False)
class _View:
    """The calls of a period, counted in every way that is asked for."""

    calls: Sequence[Row[Any]]
    results: Mapping[str, CallResult]
    names: Mapping[str, str]
    sources: Mapping[int, str]
    lang: str

    def dialled(self, row: Row[Any]) -> bool:
        """A row that nobody dialled says nothing of the customer."""
        known = self.results.get(row.result)
        return known is None or known.cause != CALLER

    def group(self, code: str, rows: Iterable[Row[Any]]) -> GroupCount:
        """The calls of one source, advisor or caller."""
        rows = list(rows)
        families = Counter(row.outcome for row in rows)
        success, failed, invalid = (families[name] for name in FAMILIES)
        return GroupCount(
            code=code,
            label=self.names.get(code, code) or self._say("calls.unknown"),
            calls=len(rows),
            success=success,
            failed=failed,
            invalid=invalid,
            customers=len({row.customer_id for row in rows if self.dialled(row)}),
            reached=len(_reached(rows)),
        )

    def groups(self, of: Callable[[Row[Any]], str]) -> tuple[GroupCount, ...]:
        """The calls by whatever `of` says of each, most calls first."""
        found: dict[str, list[Row[Any]]] = defaultdict(list)
        for row in self.calls:
            found[of(row)].append(row)
        made = [self.group(code, rows) for code, rows in found.items()]
        return tuple(sorted(made, key=lambda each: (-each.calls, each.code)))

    def calls_to_reached(self) -> int:
        """Calls that were dialled to customers who were reached."""
        reached = _reached(self.calls)
        return sum(row.customer_id in reached and self.dialled(row) for row in self.calls)

    def by_result(self) -> tuple[ResultCount, ...]:
        """Every result that occurred, most frequent first."""
        counted = Counter((row.result, row.outcome) for row in self.calls)
        return tuple(
            ResultCount(
                result=code,
                label=self.results[code].label.get(self.lang, code) if code in self.results else code,
                outcome=outcome,
                cause=self._cause(code),
                calls=count,
                share=count / len(self.calls),
            )
            for (code, outcome), count in sorted(counted.items(), key=lambda each: (-each[1], each[0]))
        )

    def by_cause(self) -> tuple[CauseCount, ...]:
        """Why calls did not succeed, most frequent first, with the share of this and all before it."""
        missed = [row for row in self.calls if row.outcome != AttemptOutcome.SUCCESS.value]
        counted = Counter((self._cause(row.result), row.outcome) for row in missed)
        ordered = sorted(counted.items(), key=lambda each: (-each[1], each[0]))
        running = accumulate(count for _, count in ordered)
        return tuple(
            CauseCount(
                cause=cause,
                label=naming.labelled("cause", cause or "none", self.lang),
                outcome=outcome,
                outcome_label=self._say(f"outcome.{outcome}"),
                calls=count,
                share=count / len(missed),
                cumulated=so_far / len(missed),
            )
            for ((cause, outcome), count), so_far in zip(ordered, running, strict=True)
        )

    def decay(self, frame: Frame) -> tuple[Decay, ...]:
        """Of the different numbers dialled in a month, those found wrong or dead, by the source of the customer."""
        dialled: dict[tuple[str, str], set[int]] = defaultdict(set)
        bad: dict[tuple[str, str], set[int]] = defaultdict(set)
        for row in self.calls:
            if row.contact_point_id is not None and self.dialled(row):
                at = (self.sources.get(row.customer_id, ""), frame.minute(row.at)[:7])
                dialled[at].add(row.contact_point_id)
                known = self.results.get(row.result)
                if known is not None and known.effect is Effect.BAD_NUMBER:
                    bad[at].add(row.contact_point_id)
        return tuple(
            Decay(
                source=source,
                label=source or self._say("calls.unknown"),
                month=month,
                dialled=len(numbers),
                bad=len(bad[source, month]),
            )
            for (source, month), numbers in sorted(dialled.items())
        )

    def _cause(self, code: str) -> str:
        known = self.results.get(code)
        return "" if known is None else known.cause

    def _say(self, key: str) -> str:
        return catalogue.say(key, self.lang)


def _reached(rows: Iterable[Row[Any]]) -> set[int]:
    return {row.customer_id for row in rows if row.outcome == AttemptOutcome.SUCCESS.value}
