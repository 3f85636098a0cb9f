"""What a "response" record says, cleaned: which of our questions its items are, and what each answer says. No store, no clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import attrs

from crmcore.flows import cells, words
from crmcore.flows.intake import Car, Intake, Person, Refused
from crmcore.rules import clean
from crmcore.rules.clean import Bad
from crmcore.rules.surveys import reading
from crmcore.types.survey import Answer, Mode, Side, Survey

if TYPE_CHECKING:
    from crmcore.config.model import Item

#: Puts an item that nobody has mapped apart from our questions; it is kept under this and its own name.
UNMAPPED = "?"
_KNOWN = frozenset(
    {"key", "token", "store", "staff", "customer", "vehicle", "visit", "wave", "sample_id", "mode", "started_at",
     "completed_at", "complete", "answers"}
)  # fmt: skip


@attrs.frozen(kw_only=True)
class Crosswalk:
    """One source's items against our questions."""

    survey: Survey
    items: Mapping[str, Item] = attrs.field(factory=dict)
    side: Side = Side.INTERNAL
    mode: Mode = Mode.ONLINE


@attrs.define
class Filled:
    """One filled questionnaire, as far as the record itself can tell; times are stored ones."""

    key: str
    answers: tuple[Answer, ...]
    mode: Mode
    token: str = ""
    store: str = ""
    staff: str = ""
    order: str = ""
    wave: str = ""
    sample_id: str = ""
    started_at: str | None = None
    completed_at: str = ""
    complete: bool = True
    customer: Person | None = None
    car: Car | None = None

    @property
    def at(self) -> datetime:
        """When it was filled in."""
        return datetime.fromisoformat(self.completed_at)


class ResponseIntake:
    """Cleans the responses of one source.

    Args:
        store: the store of a response that names none.
        zones: store code -> IANA zone; a store that is not here is not ours.
        latest: answers dated after this are refused, as stored.
    """

    def __init__(self, crosswalk: Crosswalk, store: str, zones: Mapping[str, str], latest: str) -> None:
        self.crosswalk = crosswalk
        self.store = store
        self.zones = zones
        self.latest = latest
        self.people = Intake(store, zones)
        self.unmapped: Counter[str] = Counter()
        self._questions = {_bare(code): code for code in crosswalk.survey.questions}

    def response(self, data: Mapping[str, Any]) -> Filled:
        """A filled questionnaire; raises `Refused` for what cannot be used."""
        for name in data.keys() - _KNOWN:
            self.people.unknown.add(f"response.{name}")
        store = _text(data, "store")
        if store and store not in self.zones:
            raise Refused("store", "RESPONSE_STORE", clean.shape(store))
        key = _text(data, "key")
        if not key:
            raise Refused("key", "KEY_MISSING", "")
        zone = self.zones[store or self.store]
        started = _instant(data, "started_at", zone)
        completed = _instant(data, "completed_at", zone) or started
        if completed is None:
            raise Refused("completed_at", "RESPONSE_NO_DATE", "")
        if completed > self.latest:
            raise Refused("completed_at", "RESPONSE_FUTURE", clean.shape(str(data.get("completed_at") or "")))
        return Filled(
            key=key,
            answers=tuple(self._answers(data.get("answers") or ())),
            mode=self._mode(data.get("mode")),
            token=_text(data, "token"),
            store=store,
            staff=_text(data, "staff"),
            order=_text(data, "visit"),
            wave=_text(data, "wave"),
            sample_id=_text(data, "sample_id"),
            started_at=started,
            completed_at=completed,
            complete=_complete(data),
            customer=self.people.person(data.get("customer"), "customer."),
            car=self.people.car(data.get("vehicle")),
        )

    def _mode(self, raw: object) -> Mode:
        said = str(raw or "").strip()
        found = words.MODE.get(said) or words.MODE.get(said.upper())
        if said and found is None:
            self.people.warnings["UNKNOWN_WORD"] += 1
            self.people.unknown.add("mode=?")
        return Mode(found) if found else self.crosswalk.mode

    def _answers(self, given: Iterable[Mapping[str, Any]]) -> Iterable[Answer]:
        """One for each question; where two items mean the same question, one that says something counts."""
        found: dict[str, Answer] = {}
        for each in given:
            said = self._answer(str(each["item"]).strip(), each.get("value"), _text(each, "comment"))
            if said.question not in found or found[said.question].na:
                found[said.question] = said
        return found.values()

    def _answer(self, item: str, raw: object, comment: str) -> Answer:
        value = None if raw is None else str(raw)
        found = self.mapped(item, value, comment)
        if found is None:
            self.unmapped[item] += 1
            text = (value or "").strip()
            return Answer(question=f"{UNMAPPED}{item}", value=text, na=not text, comment=comment)
        if isinstance(found, Bad):
            raise Refused(item, found.reason, clean.shape(value or ""))
        return found

    def mapped(self, item: str, value: str | None, comment: str) -> Answer | Bad | None:
        """What an item answers to our question; None when it stands for none."""
        target = self.crosswalk.items.get(item)
        code = target.question if target is not None else self._questions.get(_bare(item))
        if code is None:
            return None
        scale = None
        if target is not None and target.minimum is not None and target.maximum is not None:
            scale = (target.minimum, target.maximum)
        return reading.answer(self.crosswalk.survey.questions[code], value, comment=comment, scale=scale)


def _bare(code: str) -> str:
    """Some vendors take neither underscores nor the difference of cases in the code of an item."""
    return code.replace("_", "").casefold()


def _text(data: Mapping[str, Any], name: str) -> str:
    raw = data.get(name)
    return "" if raw is None else str(raw).strip()


def _instant(data: Mapping[str, Any], name: str, zone: str) -> str | None:
    found: str | Bad | None = cells.stored_instant(_text(data, name), zone)
    if isinstance(found, Bad):
        raise Refused(name, found.reason, clean.shape(_text(data, name)))
    return found


def _complete(data: Mapping[str, Any]) -> bool:
    raw = data.get("complete")
    found = raw if isinstance(raw, bool) else clean.yes_no(_text(data, "complete"))
    if isinstance(found, Bad):
        raise Refused("complete", found.reason, clean.shape(_text(data, "complete")))
    return found is not False
