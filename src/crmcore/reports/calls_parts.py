"""The calls page in words: the worklist by who is to call, then why calls came to nothing, and where numbers go bad."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import attrs

from crmcore.reports.call_quality import GroupCount
from crmcore.reports.calls import Calls, Due
from crmcore.reports.parts import Chart, Column, Grid, Kind, Mark, Report, Say, Section, Shape, Tile, Tone, made

OUTCOMES = {"FAILED": Tone.SOON, "INVALID": Tone.BAD, "SUCCESS": Tone.GOOD}


def parts(calls: Calls, say: Say) -> Report:
    """The page."""
    head, quality = calls.head, calls.quality
    rate = _rounded(quality.reach_rate)
    tries = quality.attempts_per_reached
    late = sum(1 for each in calls.due if each.late)
    reached = say("board.of", part=quality.reached, whole=quality.customers)
    counts = {
        "due": (len(calls.due), Tone.PLAIN),
        "late": (late, Tone.BAD if late else Tone.PLAIN),
        "made": (quality.calls, Tone.PLAIN),
        "invalid": (quality.invalid, Tone.PLAIN),
        "given_up": (quality.given_up, Tone.PLAIN),
        "instead": (quality.instead, Tone.PLAIN),
        "recorded_late": (quality.late, Tone.PLAIN),
        "proposals": (quality.proposals, Tone.PLAIN),
    }
    tiles = [Tile(name=say(f"calls.{key}"), value=n, kind=Kind.COUNT, tone=tone) for key, (n, tone) in counts.items()]
    tiles.insert(2, Tile(name=say("calls.reach_rate"), value=rate, kind=Kind.SHARE, note=reached))
    tiles.insert(3, Tile(name=say("calls.tries"), value=None if tries is None else round(tries, 1), kind=Kind.SCORE))
    return Report(
        key="calls",
        title=say("calls.title", store=head.store),
        made=head.made,
        meta=(
            made(head, say),
            say("calls.period", since=head.since, until=head.until),
        ),
        tiles=tuple(tiles),
        sections=tuple(_Sections(calls, say).all()),
    )


@attrs.frozen
class _Sections:
    calls: Calls
    say: Say

    def all(self) -> Iterator[Section]:
        """The worklist, then what the calls came to."""
        quality = self.calls.quality
        yield self.executors()
        yield self.worklist()
        yield self.causes()
        yield self.results()
        for key, rows in (("source", quality.sources), ("advisor", quality.advisors), ("caller", quality.callers)):
            yield self.groups(key, rows)
        yield self.decay()

    def columns(self, *keys: str) -> tuple[Column, ...]:
        """Columns by their words; "n:COUNT" says the kind."""
        named = (key.partition(":") for key in keys)
        return tuple(Column(self.say(f"calls.{name}"), Kind(kind or "TEXT")) for name, _, kind in named)

    def section(self, key: str, grid: Grid, chart: Chart | None = None, *notes: str) -> Section:
        """A section with a table."""
        title = self.say(f"calls.{key}")
        return Section(key=key, title=title, notes=notes, grid=grid, chart=chart, empty=self.say("reports.nothing"))

    def executors(self) -> Section:
        """Who has how much on the desk."""
        whose: dict[str, list[Due]] = {}
        for each in self.calls.due:
            whose.setdefault(each.executor, []).append(each)
        order = sorted(whose.items(), key=lambda each: (-len(each[1]), each[0]))
        rows = tuple(
            (self._who(code), len(mine), sum(1 for each in mine if each.late), min(each.due_at for each in mine))
            for code, mine in order
        )
        columns = self.columns("executor", "n:COUNT", "late:COUNT", "oldest:MOMENT")
        return self.section("executors", Grid(columns=columns, rows=rows))

    def worklist(self) -> Section:
        """The calls themselves, nobody recognisable."""
        rows = tuple(
            (
                each.id,
                Mark(self.say("calls.is_late"), Tone.BAD) if each.late else Mark(self.say("calls.is_due"), Tone.GOOD),
                each.deadline_at or None,
                each.due_at,
                self.calls.words("rule", each.rule),
                each.customer,
                self._who(each.executor),
                each.attempts,
            )
            for each in self.calls.due
        )
        columns = self.columns(
            "call", "state", "deadline:MOMENT", "due_at:MOMENT", "task", "customer", "executor", "attempts:COUNT"
        )
        return self.section("worklist", Grid(columns=columns, rows=rows))

    def _who(self, code: str) -> str:
        words = self.calls.words
        named = words("staff", code)
        return named if named != code else words("role", code)

    def causes(self) -> Section:
        """Why calls came to nothing, the most frequent first (无效回访分析)."""
        rows = tuple(
            (
                each.label,
                Mark(each.outcome_label, OUTCOMES.get(each.outcome, Tone.PLAIN)),
                each.calls,
                round(each.share, 3),
                round(each.cumulated, 3),
            )
            for each in self.calls.quality.causes
        )
        chart = Chart(
            shape=Shape.BARS,
            title=self.say("calls.causes"),
            description=self.say("calls.pareto_says"),
            columns=(2,),
            rows=15,
        )
        columns = self.columns("cause", "outcome", "n:COUNT", "share:SHARE", "cumulated:SHARE")
        return self.section("causes", Grid(columns=columns, rows=rows), chart if rows else None)

    def results(self) -> Section:
        """Every result a clerk has ticked."""
        quality = self.calls.quality
        rows = tuple((each.label, each.calls, round(each.share, 3)) for each in quality.results if each.calls)
        return self.section("results", Grid(columns=self.columns("result", "n:COUNT", "share:SHARE"), rows=rows))

    def groups(self, key: str, counts: Iterable[GroupCount]) -> Section:
        """Calls by source, advisor or caller."""
        rows = tuple(
            (
                each.label or self.say("reports.not_said"),
                each.calls,
                each.success,
                each.failed,
                each.invalid,
                each.customers,
                each.reached,
                _rounded(each.reach_rate),
            )
            for each in counts
        )
        columns = self.columns(key, "made:COUNT", "success:COUNT", "failed:COUNT", "invalid:COUNT", "customers:COUNT", "reached:COUNT", "rate:SHARE")  # fmt: skip
        chart = Chart(
            shape=Shape.BARS,
            title=self.say(f"calls.by_{key}"),
            description=self.say("calls.reach_says"),
            columns=(7,),
            rows=15,
            top=1.0,
        )
        return self.section(f"by_{key}", Grid(columns=columns, rows=rows), chart if rows else None)

    def decay(self) -> Section:
        """Numbers that were found wrong or dead, by where they came from, month by month."""
        rows = tuple(
            (f"{each.label} {each.month}", each.dialled, each.bad, round(each.share, 3))
            for each in self.calls.quality.decay
        )
        columns = self.columns("source_month", "dialled:COUNT", "bad:COUNT", "share:SHARE")
        return self.section("decay", Grid(columns=columns, rows=rows), None, self.say("calls.decay_note"))


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 3)
