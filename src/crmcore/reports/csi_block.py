"""One questionnaire in words: from the whole to the single answer, then what should be done."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from crmcore.reports.csi import Action, Csi, Measured, SurveyFacts, Weak
from crmcore.reports.facts import Named
from crmcore.reports.parts import Cell, Chart, Column, Grid, Kind, Mark, Say, Section, Shape, Tile, Tone
from crmcore.reports.score_cells import end_of, share_of, shown, value_of
from crmcore.rules.score.compare import Comparison, Verdict
from crmcore.rules.score.league import Place
from crmcore.rules.score.scores import Score, Unit, rounded
from crmcore.types.survey import Side

TONES = {Verdict.MOVED_UP: Tone.GOOD, Verdict.MOVED_DOWN: Tone.BAD, Verdict.NOISE: Tone.DIM, Verdict.TOO_FEW: Tone.DIM}
FULL = 100.0


@attrs.frozen
class Block:
    """The sections of one questionnaire; `key` keeps their anchors apart."""

    facts: SurveyFacts
    csi: Csi
    say: Say
    key: str

    def sections(self) -> Iterator[Section]:
        """From the whole to the single answer, then to what should be done."""
        yield self.overview()
        yield self.factors()
        yield self.items()
        yield self.trend()
        yield self.sides()
        yield self.league()
        yield self.profiles()
        yield self.personal()
        if self.facts.stores:
            yield self.stores()
        yield self.weakest()
        yield self.loyalty()
        yield self.integrity()

    # ------------------------------------------------------------------ words

    @property
    def words(self) -> Named:
        """Words for codes."""
        return self.csi.words

    def factor(self, code: str) -> str:
        """A factor; the whole of it under its own name."""
        return self.say("csi.all") if code == "*" else self.words(f"{self.facts.survey}.factor", code)

    def title(self, key: str) -> str:
        """A heading that names the questionnaire where there are several."""
        heading = self.say(f"csi.{key}")
        return heading if len(self.csi.surveys) == 1 else f"{self.words('survey', self.facts.survey)} · {heading}"

    def section(
        self, key: str, grid: Grid, chart: Chart | None = None, *notes: str, tiles: tuple[Tile, ...] = ()
    ) -> Section:
        """A section with a table."""
        return Section(
            key=f"{self.key}-{key}",
            title=self.title(key),
            notes=notes,
            tiles=tiles,
            grid=grid,
            chart=chart,
            empty=self.say("reports.nothing"),
        )

    def verdict(self, found: Comparison) -> Mark:
        """Moved or noise, in a word with its colour."""
        return Mark(self.say(f"verdict.{found.verdict}"), TONES[found.verdict])

    def columns(self, *keys: str) -> tuple[Column, ...]:
        """Columns by their words; "index:SCORE" says the kind."""
        named = (key.partition(":") for key in keys)
        return tuple(Column(self.say(f"csi.{name}"), Kind(kind or "TEXT")) for name, _, kind in named)

    # ------------------------------------------------------------------ the whole

    def overview(self) -> Section:
        """The figures that are asked for first, with how sure they are."""
        facts, whole = self.facts, self.facts.index
        rows = [self._figure(whole.score.metric, "", whole.score, whole.before, whole.change)]
        rows += [
            self._figure(each.metric, each.question, each.score, each.before, each.change) for each in facts.figures
        ]
        tiles = [self._tile(self.say("csi.index_tile"), whole.score, whole.change)]
        tiles += [self._tile(self.say(f"csi.{each.metric}"), each.score, each.change) for each in facts.figures]
        asked = Tile(
            name=self.say("csi.respondents"),
            value=sum(facts.respondents.values()),
            kind=Kind.COUNT,
            note=self.say("csi.sides_n", internal=facts.respondents.get("INTERNAL", 0), external=facts.respondents.get("EXTERNAL", 0)),
        )  # fmt: skip
        target = "" if facts.target is None else self.say("csi.target_is", target=facts.target)
        note = self.say("csi.side_note", side=self.say(f"csi.side.{facts.side}"))
        grid = Grid(
            columns=self.columns("metric:MOMENT", "question", "n:COUNT", "value:SCORE", "unit", "low:SCORE", "high:SCORE", "before:SCORE", "change"),
            rows=tuple(rows),
        )  # fmt: skip
        return self.section("overview", grid, None, *filter(None, (note, target)), tiles=(asked, *tiles))

    def _figure(self, metric: str, question: str, score: Score, before: Score, change: Comparison) -> tuple[Cell, ...]:
        asked = self.words(f"{self.facts.survey}.question", question) if question else self.say("csi.all")
        unit = self.say(f"unit.{score.unit}")
        ends = (end_of(score.low, score.unit), end_of(score.high, score.unit))
        return (Mark(metric, to=f"metric-{metric}"), asked, score.n, value_of(score), unit, *ends, value_of(before), self.verdict(change))  # fmt: skip

    def _tile(self, name: str, score: Score, change: Comparison) -> Tile:
        value = value_of(score)
        unit = "%" if score.unit is Unit.SHARE else ""
        shown = None if value is None else (f"{value:+.0f}" if score.unit is Unit.NPS else f"{value:.1f}{unit}")
        ends = "" if score.low is None or score.high is None else self.say(
            "csi.between", low=rounded(score.low, score.unit), high=rounded(score.high, score.unit)
        )  # fmt: skip
        said = [self.say("csi.n_is", n=score.n), ends, self.say(f"verdict.{change.verdict}")]
        return Tile(name=name, value=shown, note=" · ".join(filter(None, said)), tone=_loud(change))

    # ------------------------------------------------------------------ factors, items, sides

    def factors(self) -> Section:
        """The radar, this period against the one before."""
        grid = Grid(columns=self._measures("factor"), rows=tuple(self._line(each) for each in self.facts.factors))
        chart = Chart(
            shape=Shape.RADAR,
            title=self.title("factors"),
            description=self.say("csi.radar_says"),
            columns=(2, 5),
            top=FULL,
        )
        return self.section("factors", grid, chart)

    def items(self) -> Section:
        """Every question that counts for a factor."""
        rows = tuple((*self._line(each), self.factor(each.factor)) for each in self.facts.items)
        return self.section("items", Grid(columns=(*self._measures("item"), *self.columns("factor")), rows=rows))

    def _measures(self, first: str) -> tuple[Column, ...]:
        return self.columns(first, "n:COUNT", "index:SCORE", "low:SCORE", "high:SCORE", "before:SCORE", "change")

    def _line(self, each: Measured) -> tuple[Cell, ...]:
        name = self.words(f"{self.facts.survey}.question", each.code) if each.factor else self.factor(each.code)
        return (name, *shown(each.score), value_of(each.before), self.verdict(each.change))

    def sides(self) -> Section:
        """What the dealer heard himself beside what a third party heard."""
        lines = (self.facts.index, *self.facts.factors, *self.facts.items)
        both = min(self.facts.respondents.get(side, 0) for side in ("INTERNAL", "EXTERNAL")) > 0
        rows = tuple(self._side(each) for each in lines) if both else ()
        columns = self.columns("factor_or_item", "n_internal:COUNT", "internal:SCORE", "n_external:COUNT", "external:SCORE", "gap:SCORE", "verdict")  # fmt: skip
        chart = Chart(
            shape=Shape.BARS,
            title=self.title("sides"),
            description=self.say("csi.sides_say"),
            columns=(2, 4),
            rows=1 + len(self.facts.factors),
            top=FULL,
        )
        section = self.section("sides", Grid(columns=columns, rows=rows), chart, self.say("csi.gap_note"))
        return attrs.evolve(section, empty=self.say("csi.one_side"))

    def _side(self, each: Measured) -> tuple[Cell, ...]:
        name = self.words(f"{self.facts.survey}.question", each.code) if each.factor else self.factor(each.code)
        gap = None if each.gap.difference is None else float(rounded(each.gap.difference, each.gap.unit))
        inside, outside = each.internal, each.external
        return (name, inside.n, value_of(inside), outside.n, value_of(outside), gap, self.verdict(each.gap))

    # ------------------------------------------------------------------ over time

    def trend(self) -> Section:
        """Month by month, with the line the dealer aims at."""
        sides = [side.value for side in Side if side.value in self.facts.trend]
        target = None if self.facts.target is None else float(self.facts.target)
        columns, drawn = list(self.columns("month:MOMENT")), []
        for side in sides:
            drawn.append(len(columns))
            columns += [
                Column(self.say(f"csi.side.{side}"), Kind.SCORE),
                *self.columns("n:COUNT", "low:SCORE", "high:SCORE"),
            ]
        if target is not None:
            drawn.append(len(columns))
            columns += self.columns("target:SCORE")
        rows = []
        for steps in zip(*(self.facts.trend[side] for side in sides), strict=True):
            cells: list[Cell] = [steps[0].period]
            for step in steps:
                n, *scores = shown(step.score)
                cells += [scores[0], n, *scores[1:]]
            rows.append((*cells, *(() if target is None else (target,))))
        chart = Chart(
            shape=Shape.TREND,
            title=self.title("trend"),
            description=self.say("csi.trend_says" if target is not None else "csi.trend_says_no_target"),
            columns=tuple(drawn),
            interval=(3, 4),
            top=FULL,
        )
        return self.section("trend", Grid(columns=tuple(columns), rows=tuple(rows)), chart if drawn else None)

    # ------------------------------------------------------------------ people and stores

    def league(self) -> Section:
        """From the best down; below `min_n` there is no place, only the figures."""
        rows = tuple(
            (
                *self._place(each.place, self.words("staff", each.place.key)),
                value_of(each.before),
                self.verdict(each.change),
            )
            for each in self.facts.league
        )
        grid = Grid(columns=(*self._places("advisor"), *self.columns("before:SCORE", "change")), rows=rows)
        ranked = sum(1 for each in self.facts.league if each.place.rank is not None)
        chart = self._bars("league", ranked)
        return self.section("league", grid, chart, self.say("csi.league_note", min_n=self.csi.min_n))

    def stores(self) -> Section:
        """Stores side by side, in the same period."""
        rows = tuple(self._place(each, self.words("store", each.key)) for each in self.facts.stores)
        ranked = sum(1 for each in self.facts.stores if each.rank is not None)
        return self.section("stores", Grid(columns=self._places("store"), rows=rows), self._bars("stores", ranked))

    def _bars(self, key: str, ranked: int) -> Chart | None:
        if not ranked:
            return None
        return Chart(
            shape=Shape.BARS,
            title=self.title(key),
            description=self.say("csi.bars_say"),
            columns=(3,),
            interval=(4, 5),
            rows=ranked,
            top=FULL,
        )

    def _places(self, first: str) -> tuple[Column, ...]:
        return self.columns(first, "rank", "n:COUNT", "index:SCORE", "low:SCORE", "high:SCORE", "rest")

    def _place(self, place: Place, name: str) -> tuple[Cell, ...]:
        rank: Cell = str(place.rank) if place.rank is not None else Mark(self.say("csi.unranked"), Tone.DIM)
        return (name, rank, *shown(place.score), self.verdict(place.rest))

    def profiles(self) -> Section:
        """What each colleague is good at, beside the others."""
        rows = tuple(
            (
                self.words("staff", each.place.key),
                self.factor(ability.item),
                *shown(ability.score),
                value_of(ability.colleagues),
                self.verdict(ability.rest),
            )
            for each in self.facts.league
            for ability in each.profile
        )
        columns = self.columns("advisor", "factor", "n:COUNT", "index:SCORE", "low:SCORE", "high:SCORE", "colleagues:SCORE", "rest")  # fmt: skip
        return self.section("profiles", Grid(columns=columns, rows=rows))

    def personal(self) -> Section:
        """Each colleague's way through the months (S3: 个人趋势)."""
        rows = tuple(
            (
                self.words("staff", each.place.key),
                step.period,
                *shown(step.score),
                "" if step.change is None else self.verdict(step.change),
            )
            for each in self.facts.league
            for step in each.trend
        )
        columns = self.columns("advisor", "month:MOMENT", "n:COUNT", "index:SCORE", "low:SCORE", "high:SCORE", "change")
        return self.section("personal", Grid(columns=columns, rows=rows), None, self.say("csi.personal_note"))

    # ------------------------------------------------------------------ what follows

    def weakest(self) -> Section:
        """The lowest factor first, with what is being done about it."""
        rows = tuple(self._weak(place, each) for place, each in enumerate(self.facts.weakest, start=1))
        columns = self.columns("urgency", "factor", "index:SCORE", "gap_to_target:SCORE", "weakest_item", "item_index:SCORE", "actions")  # fmt: skip
        return self.section(
            "weakest", Grid(columns=columns, rows=rows), None, self.say("csi.weakest_note", min_n=self.csi.min_n)
        )

    def _weak(self, place: int, each: Weak) -> tuple[Cell, ...]:
        gap = None if each.gap is None else float(each.gap)
        item = self.words(f"{self.facts.survey}.question", each.item)
        score = None if each.item_score is None else value_of(each.item_score)
        actions = "；".join(self._action(one) for one in each.actions)
        return (
            str(place),
            self.factor(each.factor),
            value_of(each.score),
            gap,
            item,
            score,
            actions or self.say("csi.no_action"),
        )

    def _action(self, each: Action) -> str:
        who = self.words("staff", each.responsible)
        key = "csi.action_late" if each.late else "csi.action"
        return self.say(key, id=each.id, measure=each.measure, who=who, due=each.due_on)

    def loyalty(self) -> Section:
        """S0's bands: only the very satisfied stay."""
        rows = tuple(
            (self.say(f"band.{name}"), score.n, share_of(score.value), share_of(score.low), share_of(score.high))
            for name, score in self.facts.bands.items()
        )
        columns = self.columns("band", "n:COUNT", "share:SHARE", "low:SHARE", "high:SHARE")
        chart = Chart(
            shape=Shape.BARS,
            title=self.title("loyalty"),
            description=self.say("csi.bands_say"),
            columns=(2,),
            interval=(3, 4),
            top=1.0,
        )
        shown = rows if any(score.n for score in self.facts.bands.values()) else ()
        return self.section("loyalty", Grid(columns=columns, rows=shown), chart, self.say("csi.bands_note"))

    def integrity(self) -> Section:
        """Marks mark and never delete; what a person has left out is counted here and nowhere else."""
        rows = [(self.words("reason", code), n, self.say("csi.counted")) for code, n in self.facts.flags.items()]
        rows += [
            (self.say(f"csi.left_{why}"), n, self.say("csi.not_counted")) for why, n in self.facts.left_out.items()
        ]
        columns = self.columns("mark", "n:COUNT", "in_scores")
        return self.section("integrity", Grid(columns=columns, rows=tuple(rows)), None, self.say("csi.integrity_note"))


def _loud(change: Comparison) -> Tone:
    """Only what has moved is coloured."""
    return TONES[change.verdict] if change.verdict in {Verdict.MOVED_UP, Verdict.MOVED_DOWN} else Tone.PLAIN
