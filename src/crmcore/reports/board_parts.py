"""The complaint board in words: what burns first, then what is behind it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import attrs

from crmcore.reports.board import Bar, Board, Open
from crmcore.reports.parts import Cell, Chart, Column, Grid, Kind, Mark, Report, Say, Section, Shape, Tile, Tone, made
from crmcore.rules.board import Lane

TONES = {
    Lane.OVERDUE: Tone.BAD,
    Lane.SOON: Tone.SOON,
    Lane.LATER: Tone.GOOD,
    Lane.CALLBACK: Tone.DIM,
    Lane.PAUSED: Tone.DIM,
    Lane.NO_CLOCK: Tone.DIM,
}
DRAWN = 15  # bars; a Pareto chart is about the first few


def parts(board: Board, say: Say) -> Report:
    """The page."""
    head = board.head
    return Report(
        key="board",
        title=say("board.title", store=head.store),
        made=head.made,
        meta=(
            made(head, say),
            say("board.period", since=head.since, until=head.until),
        ),
        tiles=tuple(_tiles(board, say)),
        sections=tuple(_Sections(board, say).all()),
    )


def _tiles(board: Board, say: Say) -> Iterator[Tile]:
    lanes = Counter(each.lane for each in board.cases)
    yield Tile(name=say("board.open"), value=len(board.cases), kind=Kind.COUNT)
    for lane in (Lane.OVERDUE, Lane.SOON, Lane.CALLBACK):
        loud = TONES[lane] if lanes[lane] and lane is not Lane.CALLBACK else Tone.PLAIN
        yield Tile(name=say(f"board.lane.{lane}"), value=lanes[lane], kind=Kind.COUNT, tone=loud)
    yield Tile(name=say("board.received"), value=board.received, kind=Kind.COUNT)
    avoidable = round(board.avoidable / board.judged, 3) if board.judged else None
    judged = say("board.of", part=board.avoidable, whole=board.judged)
    yield Tile(name=say("board.avoidable"), value=avoidable, kind=Kind.SHARE, note=judged)
    repeaters = say("board.of", part=board.repeaters, whole=board.complainants)
    yield Tile(
        name=say("board.repeaters", days=board.repeat_days), value=board.repeaters, kind=Kind.COUNT, note=repeaters
    )
    if board.elsewhere:
        note = say("board.elsewhere_note")
        yield Tile(name=say("board.elsewhere"), value=board.elsewhere, kind=Kind.COUNT, note=note)


@attrs.frozen
class _Sections:
    board: Board
    say: Say

    def all(self) -> Iterator[Section]:
        """What is open, what was climbed, what it was about, how long it took."""
        yield self.cases()
        yield self.escalations()
        for key, kind, bars in (
            ("categories", "category", self.board.categories),
            ("causes", "cause", self.board.causes),
            ("departments", "", self.board.departments),
            ("colleagues", "staff", self.board.colleagues),
        ):
            yield self.pareto(key, kind, bars)
        yield self.kept()
        yield self.steps()

    def columns(self, *keys: str) -> tuple[Column, ...]:
        """Columns by their words; "n:COUNT" says the kind."""
        named = (key.partition(":") for key in keys)
        return tuple(Column(self.say(f"board.{name}"), Kind(kind or "TEXT")) for name, _, kind in named)

    def section(self, key: str, grid: Grid, chart: Chart | None = None, *notes: str) -> Section:
        """A section with a table."""
        return Section(
            key=key,
            title=self.say(f"board.{key}"),
            notes=notes,
            grid=grid,
            chart=chart,
            empty=self.say("reports.nothing"),
        )

    def cases(self) -> Section:
        """The board, by remaining working time."""
        columns = self.columns(
            "case", "lane", "left:MINUTES", "clock", "due:MOMENT", "state", "severity", "category", "owner", "first_asked", "customer", "received_at:MOMENT", "remarks"
        )  # fmt: skip
        grid = Grid(columns=columns, rows=tuple(self._case(each) for each in self.board.cases))
        return self.section("cases", grid, None, self.say("board.left_note"))

    def _case(self, each: Open) -> tuple[Cell, ...]:
        words, say = self.board.words, self.say
        clock = f"{say(f'board.clock.{each.clock}')} · {say(f'board.basis.{each.basis}')}" if each.clock else None
        remarks = [
            say("board.again") if each.repeat else "",
            say("board.level", level=each.level) if each.level else "",
            say("board.round", round=each.round) if each.round > 1 else "",
            say("board.provisional") if each.provisional else "",
        ]
        return (
            each.id,
            Mark(say(f"board.lane.{each.lane}"), TONES[each.lane]),
            each.left if each.clock else None,
            clock,
            each.due_at or None,
            say(f"board.state.{each.state}"),
            Mark(say(f"board.severity.{each.severity}"), Tone.BAD if each.severity == "CRITICAL" else Tone.PLAIN),
            words("category", each.category),
            words("staff", each.owner),
            words("staff", each.first_asked),
            each.customer or None,
            each.received_at,
            " · ".join(filter(None, remarks)),
        )

    def escalations(self) -> Section:
        """Who was told, when he should have been, and when he was."""
        words = self.board.words
        rows = tuple(
            (
                each.id,
                str(each.level),
                self.say(f"board.clock.{each.clock}"),
                words("role", each.role),
                words("staff", each.staff),
                each.due_at,
                each.at,
                Mark(self.say("board.in_time"), Tone.GOOD) if not each.late else each.late,
            )
            for each in self.board.escalations
        )
        columns = self.columns("case", "rung", "clock", "role", "told", "due:MOMENT", "at:MOMENT", "late:MINUTES")
        return self.section("escalations", Grid(columns=columns, rows=rows), None, self.say("board.late_note"))

    def pareto(self, key: str, kind: str, bars: tuple[Bar, ...]) -> Section:
        """The most frequent first, with what they add up to."""
        rows = tuple(
            (self._bar(kind, each.code), each.n, round(each.share, 3), round(each.cumulated, 3)) for each in bars
        )
        columns = self.columns(f"of.{key}", "n:COUNT", "share:SHARE", "cumulated:SHARE")
        chart = Chart(
            shape=Shape.BARS,
            title=self.say(f"board.{key}"),
            description=self.say("board.pareto_says"),
            columns=(1,),
            rows=min(len(rows), DRAWN),
        )
        return self.section(key, Grid(columns=columns, rows=rows), chart if rows else None)

    def _bar(self, kind: str, code: str) -> str:
        if not code:
            return self.say("reports.not_said")
        return self.board.words(kind, code) if kind else self.say(f"board.department.{code}")

    def kept(self) -> Section:
        """Deadlines met, of those met or missed."""
        rows = tuple(
            (self.say(f"board.clock.{each.clock}"), each.n, each.kept, round(each.kept / each.n, 3))
            for each in self.board.kept
        )
        return self.section(
            "kept", Grid(columns=self.columns("clock", "decided:COUNT", "met:COUNT", "share:SHARE"), rows=rows)
        )

    def steps(self) -> Section:
        """Time from receipt to each step, by the wall clock."""
        rows = tuple(
            (self.say(f"board.step.{each.code}"), each.n, each.median, each.p90) for each in self.board.steps if each.n
        )
        columns = self.columns("step", "n:COUNT", "median:MINUTES", "p90:MINUTES")
        return self.section("steps", Grid(columns=columns, rows=rows), None, self.say("board.steps_note"))
