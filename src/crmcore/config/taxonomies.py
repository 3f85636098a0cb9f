"""Call results, complaint categories and questionnaires: packs, overridden by crm.toml, and checked so that nothing fails at night."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from crmcore.config.care import Reader, Tables
from crmcore.config.document import Document
from crmcore.config.packs import Note, opened, shipped, structured
from crmcore.config.places import Place
from crmcore.config.values import Mistake, choice
from crmcore.errors import ConfigError
from crmcore.types.complaint import Category
from crmcore.types.contact import CallResult, TouchpointRule
from crmcore.types.survey import Question, QuestionKind, Survey

T = TypeVar("T")

#: Questionnaires that come with crmcore, by the name `[surveys] packs` calls them.
SURVEYS = ("delivery", "aftersales", "complaint_followup")
SCALES = frozenset({QuestionKind.SCALE, QuestionKind.NPS})


def results(document: Document, mine: Tables, note: Note) -> dict[str, CallResult]:
    """What a call can end in, by code."""
    return _overridden("results", document, mine, note, CallResult)


def categories(document: Document, mine: Tables, note: Note) -> dict[str, Category]:
    """What complaints are about, by code."""
    return _overridden("categories", document, mine, note, Category)


def _overridden(table: str, document: Document, mine: Tables, note: Note, kind: type[T]) -> dict[str, T]:
    """A shipped list, laid over and added to by the table of the same name in the file."""
    reader, pack = Reader(document, note), shipped(table)
    found: dict[str, T] = dict(reader.each(table, (table,), pack, mine, kind))
    for code in mine.keys() - pack.data[table].keys():

        def origin(path: Place, code: str = code) -> tuple[Place, Document]:
            return (table, code, *path), document

        made = structured({"code": code, **mine[code]}, kind, note, origin)
        if made is not None:
            found[code] = made
    return found


def surveys(
    document: Document,
    names: tuple[str, ...],
    note: Note,
    fail: Callable[[ConfigError], None],
    categories: Mapping[str, Category],
) -> dict[str, Survey]:
    """The questionnaires that `[surveys] packs` names, by code; what a low answer is about must be a category."""
    found: dict[str, Survey] = {}
    for number, name in enumerate(names):
        try:
            pack = shipped(f"survey_{name}") if name in SURVEYS else opened(name, document.path.parent, SURVEYS)
        except ConfigError as error:
            if error.at:  # it names the place in the pack itself
                fail(error)
            else:
                note(Mistake(("surveys", "packs", number), error.code, error.params), document)
            continue
        made = _survey(pack, note, categories)
        if made is None:
            continue
        if made.code in found:
            note(Mistake(("code",), "CRM-C156", {"value": made.code}), pack)
        found[made.code] = made
    return found


def check_rules(
    rules: Mapping[str, TouchpointRule], surveys: Mapping[str, Survey], document: Document, note: Note
) -> None:
    """What a rule asks must exist; `survey = ""` takes the questionnaire away from a shipped rule."""
    for code, rule in rules.items():
        if not rule.survey or rule.survey in surveys:
            continue
        place: Place = ("care", "rules", code, "survey")
        if _says(document.data, place):
            note(_unknown(place, rule.survey, surveys), document)
        else:  # a shipped rule asks for what the file has left out
            note(Mistake(("surveys", "packs"), "CRM-C174", {"rule": code, "survey": rule.survey}), document)


def _says(data: Any, place: Place) -> bool:
    """Is this key written in the file?"""
    for key in place:
        if not isinstance(data, Mapping) or key not in data:
            return False
        data = data[key]
    return True


def _survey(pack: Document, note: Note, categories: Mapping[str, Category]) -> Survey | None:
    data = dict(pack.data)
    for table in ("factors", "questions"):
        rows = data.get(table, {})
        data[table] = {code: {**row, "code": code} for code, row in rows.items()} if isinstance(rows, Mapping) else rows
    made = structured(data, Survey, note, lambda path: (path, pack))
    for mistake in _wrong(made, categories) if made is not None else ():
        note(mistake, pack)
    return made


def _wrong(survey: Survey, categories: Mapping[str, Category]) -> Iterator[Mistake]:
    """Factors and categories that exist, scales that have two ends, choices that can be chosen."""
    for code, factor in survey.factors.items():
        if factor.parent is not None and factor.parent not in survey.factors:
            yield _unknown(("factors", code, "parent"), factor.parent, survey.factors)
    for code, question in survey.questions.items():
        place: Place = ("questions", code)
        if question.factor is not None and question.factor not in survey.factors:
            yield _unknown((*place, "factor"), question.factor, survey.factors)
        if question.category is not None and question.category not in categories:
            yield _unknown((*place, "category"), question.category, categories)
        if not _scaled(question):
            yield Mistake((*place, "minimum"), "CRM-C170", {"question": code})
        if question.kind in {QuestionKind.SINGLE, QuestionKind.MULTI} and not question.choices:
            yield Mistake((*place, "choices"), "CRM-C171", {"question": code})


def _scaled(question: Question) -> bool:
    low, high, alert = question.minimum, question.maximum, question.alert_below
    if question.kind not in SCALES:
        return low is None and high is None and (alert is None or question.kind is QuestionKind.YESNO)
    return low is not None and high is not None and low < high and (alert is None or low < alert <= high)


def _unknown(place: Place, value: str, known: Mapping[str, Any]) -> Mistake:
    wrong = choice(value, sorted(known))
    return Mistake(place, wrong.code, wrong.params)
