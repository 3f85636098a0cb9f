"""The daily report in words: what waits, what came in, what went out, what did not and why, what comes next."""

from __future__ import annotations

from datetime import datetime

import attrs

from crmcore.reports.daily import Daily
from crmcore.reports.parts import Cell, Column, Grid, Kind, Report, Say, Section, Tile, Tone


def parts(daily: Daily, say: Say) -> Report:
    """The page of the day."""
    return _Teller(daily, say).report()


@attrs.frozen
class _Teller:
    daily: Daily
    say: Say

    def report(self) -> Report:
        daily, say = self.daily, self.say
        return Report(
            key="daily",
            title=say("daily.title", store=daily.store),
            made=datetime.fromisoformat(daily.generated_at),
            meta=(say("daily.meta", generated=daily.generated_at, through=daily.data_through),),
            tiles=tuple(self.tiles()),
            sections=(self.sources(), self.texts(), self.lines(), self.ahead()),
        )

    def tiles(self) -> list[Tile]:
        """What waits; what is late is coloured."""
        daily, waiting = self.daily, self.daily.waiting
        counts = {
            "calls": daily.calls,
            "calls_late": daily.calls_late,
            **{name: waiting[name] for name in ("complaints", "complaints_late", "answers", "replies", "proposals")},
            "rejects": sum(source["rejects"] for source in daily.sources),
        }
        return [
            Tile(
                name=self.say(f"daily.{name}"),
                value=count,
                kind=Kind.COUNT,
                tone=Tone.BAD if count and name.endswith("_late") else Tone.PLAIN,
            )
            for name, count in counts.items()
        ]

    def sources(self) -> Section:
        """When each source was read, and what of it waits to be mended."""
        rows = tuple((each["name"], each["pulled_at"], each["rejects"]) for each in self.daily.sources)
        return self._section("sources", ("source", "pulled:MOMENT", "open_rejects:COUNT"), rows)

    def texts(self) -> Section:
        """The texts of the day by what became of them."""
        rows = tuple(
            (self._label(template), self._label(state), count)
            for template, states in self.daily.texts.items()
            for state, count in states.items()
        )
        return self._section("texts", ("text", "state", "count:COUNT"), rows)

    def lines(self) -> Section:
        """What did not happen, each with its reason and what to do."""
        rows = tuple(
            (
                line.id,
                self._label(line.what),
                line.who,
                self._label(line.state),
                f"{line.why} → {line.fix}" if line.fix else line.why,
            )
            for line in self.daily.lines
        )
        return self._section("lines", ("id:MOMENT", "what", "who", "state", "why"), rows)

    def ahead(self) -> Section:
        """The seven days to come."""
        rows = tuple(
            (day, self._label(rule), count) for day, rules in self.daily.ahead.items() for rule, count in rules.items()
        )
        return self._section("ahead", ("date:MOMENT", "what", "count:COUNT"), rows)

    def _section(self, key: str, columns: tuple[str, ...], rows: tuple[tuple[Cell, ...], ...]) -> Section:
        named = (column.partition(":") for column in columns)
        grid = Grid(
            columns=tuple(Column(self.say(f"daily.{name}"), Kind(kind or "TEXT")) for name, _, kind in named), rows=rows
        )
        return Section(key=key, title=self.say(f"daily.{key}"), grid=grid, empty=self.say("daily.none"))

    def _label(self, code: str) -> str:
        return self.daily.labels.get(code, code)
