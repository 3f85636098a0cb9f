"""What a clerk has filled in, row by row: read as far as the row itself goes, or the cells that cannot be taken."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

import attrs

from crmcore.rules import calltimes, clean
from crmcore.rules.calltimes import Said
from crmcore.rules.numbers import yes_no
from crmcore.rules.surveys.reading import OUTSIDE, answer, number_of
from crmcore.rules.text import Bad, blank, fold, shape
from crmcore.tables import destroyed
from crmcore.types.contact import AttemptOutcome, CallResult, Effect
from crmcore.types.customer import Channel
from crmcore.types.survey import Answer
from crmcore.worklist.form import CHANNELS, LANGUAGES, Choice, Form, channel_words, meanings, word_key
from crmcore.worklist.read import Line

#: What is written freely; question marks at its end are the customer's.
PROSE = ("remark", "referral", "note")
#: A row that holds nothing but its caller was not called yet.
NO_ANSWER = frozenset({"caller"})
#: Gives back the good, notes the bad and gives None.
Take = Callable[[str, Any], Any]
_ID = re.compile(r"T([1-9][0-9]{0,17})(?:\.0)?", re.IGNORECASE)


@attrs.frozen
class Wrong:
    """A cell that cannot be taken: its column, a reason code, what its value looks like."""

    column: str
    reason: str
    shape: str = ""


@attrs.frozen(kw_only=True)
class Answers:
    """One row as filled in, before anything is known of the call it is about.

    Attributes:
        called: as far as the cell goes; `rules.calltimes.called` makes an instant of it.
        scores: column -> answer; those that do not apply are left out.
        caller: as written; "" for nobody.
        complaint: None where the clerk ticked nothing.
        exported: when the row was exported, as far as its cell says.
        who: what the row says of the customer: "customer", "phone", "plate" -> text.
    """

    result: CallResult
    called: Said
    scores: Mapping[str, Answer] = attrs.field(factory=dict)
    remark: str = attrs.field(default="", repr=False)
    complaint: bool | None = None
    category: str | None = None
    caller: str = attrs.field(default="", repr=False)
    next_at: Said | None = None
    next_channel: Channel | None = None
    referral: str = attrs.field(default="", repr=False)
    note: str = attrs.field(default="", repr=False)
    exported: datetime | None = None
    who: Mapping[str, str] = attrs.field(factory=dict, repr=False)

    def values(self) -> dict[str, str]:
        """The scores as they count: "9.0" and "９" are one."""
        return {column: plain(each.value) for column, each in self.scores.items()}

    def fingerprint(self, touchpoint: int) -> str:
        """The same for the same row of the same list, whatever a spreadsheet made of its cells in between."""
        bare = not isinstance(self.called, datetime)
        said = [
            touchpoint,
            self.result.code,
            str(self.called),
            str(self.exported) if bare else "",
            sorted(self.values().items()),
            *(fold(each) for each in (self.remark, self.referral, self.note)),
            self.complaint,
            self.category,
            str(self.next_at),
            self.next_channel,
        ]
        return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()[:32]


def plain(value: str) -> str:
    """An answer as it counts: a number without its dress, yes as 1; words as they are."""
    found = number_of(value)
    return value if found is None else f"{found.normalize():f}"


def identity(line: Line) -> int | None:
    """The touchpoint a row is about; None where its id is damaged."""
    found = _ID.fullmatch(fold(line.cells.get("id", "")))
    return int(found[1]) if found else None


class Reader:
    """Reads the rows of one file by the words of one form."""

    def __init__(self, form: Form, results: Mapping[str, CallResult]) -> None:
        self.form, self.known = form, results
        self.results, self.categories = meanings(form.results), meanings(form.categories)
        words = (Choice(one.value, {lang: channel_words(one, lang) for lang in LANGUAGES}) for one in CHANNELS)
        self.channels = meanings(words)
        self.columns = tuple(column for column in form.columns() if column not in NO_ANSWER)
        self.asked = {one.key: one.question for one in form.asked}

    def answered(self, line: Line) -> bool:
        """Is there anything in the answer part?"""
        return any(column in line.cells and not _empty(line.cells[column]) for column in self.columns)

    def read(self, line: Line, zone: str) -> Answers | tuple[Wrong, ...]:
        """The answers of a row, times in the zone of its store; or every cell of it that cannot be taken."""
        wrong = [*self._damaged(line)]
        values = self._values(line, zone, wrong)
        wrong += _contradictions(values) if not wrong else ()
        if wrong:
            return tuple(wrong)
        return Answers(**values)

    def _damaged(self, line: Line) -> Iterator[Wrong]:
        for column in self.form.columns():
            cell = line.cells.get(column, "")
            reason = destroyed(cell, prose=column in PROSE)
            if reason is not None:
                yield Wrong(column, reason, shape(cell))

    def _values(self, line: Line, zone: str, wrong: list[Wrong]) -> dict[str, Any]:
        cells = line.cells
        broken = {each.column for each in wrong}

        def take(column: str, found: Any) -> Any:
            if isinstance(found, Bad) and column not in broken:
                wrong.append(Wrong(column, found.reason, shape(cells.get(column, ""))))
            return None if isinstance(found, Bad) else found

        code = take("result", self._word("result", cells, self.results, missing="RESULT_MISSING"))
        exported = clean.instant(cells.get("exported", ""), zone)
        return {
            "result": self.known.get(str(code)),
            "called": take("called_at", _time(cells, "called_at", zone) or Bad("CALL_TIME_MISSING")),
            "scores": self._scores(cells, take),
            "complaint": take("complaint", yes_no(cells.get("complaint", ""))),
            "category": take("category", self._word("category", cells, self.categories)),
            "caller": fold(cells.get("caller", "")),
            "next_at": take("next_at", _time(cells, "next_at", zone)),
            "next_channel": _channel(take("next_channel", self._word("next_channel", cells, self.channels))),
            **{column: cells.get(column, "").strip() for column in PROSE},
            "exported": exported if isinstance(exported, datetime) else None,
            "who": {column: cells[column] for column in ("customer", "phone", "plate") if column in cells},
        }

    def _word(
        self, column: str, cells: Mapping[str, str], known: Mapping[str, str | None], *, missing: str = ""
    ) -> str | Bad | None:
        """The code of a word that was chosen or written."""
        cell = cells.get(column, "")
        if _empty(cell):
            return Bad(missing) if missing else None
        return known.get(word_key(cell)) or Bad(f"{column.upper()}_UNKNOWN")

    def _scores(self, cells: Mapping[str, str], take: Take) -> dict[str, Answer]:
        found = {}
        for column, question in self.asked.items():
            if column in cells:
                said = take(column, _at_the_desk(answer(question, cells[column])))
                if isinstance(said, Answer) and not said.na:
                    found[column] = said
        return found


def _at_the_desk(said: Answer | Bad) -> Answer | Bad:
    """The reason as a clerk can mend it: his scale is the one in the heading, an agency's may be another."""
    return Bad("SCORE_OUTSIDE_SCALE") if said == OUTSIDE else said


def _time(cells: Mapping[str, str], column: str, zone: str) -> Said | Bad | None:
    return calltimes.said(cells.get(column, ""), zone)


def _channel(code: object) -> Channel | None:
    return None if code is None else Channel(str(code))


def _empty(cell: str) -> bool:
    return blank(fold(cell))


def _contradictions(values: Mapping[str, Any]) -> Iterator[Wrong]:
    """What cannot both be true: answers of somebody who was not reached, a complaint that is none, a booking without a time."""
    result: CallResult = values["result"]
    if result.effect is Effect.BOOKED and values["next_at"] is None:
        yield Wrong("next_at", "BOOKED_TIME_MISSING")
    if result.outcome is AttemptOutcome.FAILED:
        for column in (*values["scores"], *(name for name in ("complaint", "category") if values[name])):
            yield Wrong(column, "ANSWER_NOT_REACHED")
    if values["complaint"] is False and (values["category"] or result.effect is Effect.COMPLAINT):
        yield Wrong("complaint", "COMPLAINT_CONTRADICTED")
