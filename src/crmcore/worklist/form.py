"""The answer part of the worklist: which columns it has, what may be chosen in each, and what every heading and word means."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import attrs

from crmcore import lang as catalogue
from crmcore.rules.surveys.reading import scale_of
from crmcore.rules.text import fold
from crmcore.tables import heading_key
from crmcore.types.contact import AttemptOutcome, CallResult
from crmcore.types.customer import Channel
from crmcore.types.survey import Question, QuestionKind, Survey
from crmcore.worklist.rows import COLUMNS

#: As `rows.COLUMNS`; the score columns stand between the result and what was said.
ANSWERS: dict[str, tuple[str, str, int]] = {
    "result": ("回访结果", "Result", 18),
    "remark": ("客户原话", "In the customer's words", 36),
    "complaint": ("是否投诉", "Complaint", 9),
    "category": ("投诉类别", "Complaint about", 18),
    "called_at": ("拨打时间", "Called at", 16),
    "caller": ("拨打人", "Called by", 12),
    "next_at": ("预约下次时间", "Booked for", 16),
    "next_channel": ("预约方式", "Booked by", 10),
    "referral": ("推介客户", "Referral", 20),
    "note": ("给顾问的留言", "Note to the advisor", 26),
}
#: The customer may name one of these for the next contact; whichever it is, the clerk makes it.
CHANNELS = (Channel.PHONE, Channel.WECHAT, Channel.SMS, Channel.IN_PERSON)
SCORED = frozenset({QuestionKind.SCALE, QuestionKind.NPS, QuestionKind.YESNO})
LANGUAGES = ("zh", "en")
SCORE_WIDTH = 13


@attrs.frozen
class Choice:
    """One line of a dropdown: its code, and its words by language."""

    code: str
    words: Mapping[str, str]


@attrs.frozen
class Asked:
    """One score column: a question that a questionnaire asks by phone."""

    survey: str
    label: Mapping[str, str]
    question: Question

    @property
    def key(self) -> str:
        """The code of the column: "aftersales.OVERALL"."""
        return f"{self.survey}.{self.question.code}"

    def heading(self, lang: str) -> str:
        """The questionnaire, the question, and what may be answered."""
        words = self.question.text.get(lang, self.question.code)
        return f"{self.label.get(lang, self.survey)} · {words} {self.range(lang)}"

    def range(self, lang: str) -> str:
        """What may be answered, in words: "1-10", "是/否"."""
        least, most = scale_of(self.question)
        return "/".join(self.options(lang)) if self.yes_no else f"{least}-{most}"

    def options(self, lang: str) -> tuple[str, ...]:
        """Every answer that may be chosen."""
        if self.yes_no:
            return yes_no(lang)
        least, most = scale_of(self.question)
        return tuple(str(value) for value in range(least or 0, (most or 0) + 1))

    @property
    def yes_no(self) -> bool:
        """Is it answered by yes or no?"""
        return self.question.kind is QuestionKind.YESNO


@attrs.frozen(kw_only=True)
class Form:
    """What the answer part offers.

    Attributes:
        callers: staff by code and name.
        asked: the score columns, in order.
    """

    results: tuple[Choice, ...] = ()
    categories: tuple[Choice, ...] = ()
    callers: tuple[Choice, ...] = ()
    asked: tuple[Asked, ...] = ()

    def columns(self) -> list[str]:
        """The codes of the answer columns, in the order of the sheet."""
        first, *rest = ANSWERS
        return [first, *(one.key for one in self.asked), *rest]

    def heading(self, column: str, lang: str) -> str:
        """What stands above a column of either part."""
        said = COLUMNS.get(column) or ANSWERS.get(column)
        if said is not None:
            return said[0] if lang == "zh" else said[1]
        return next(one for one in self.asked if one.key == column).heading(lang)

    def width(self, column: str) -> int:
        """In characters."""
        said = COLUMNS.get(column) or ANSWERS.get(column)
        return SCORE_WIDTH if said is None else said[2]

    def options(self, column: str, lang: str) -> tuple[str, ...]:
        """What the dropdown of a column offers; nothing for what is written freely."""
        match column:
            case "result":
                return tuple(choice.words[lang] for choice in self.results)
            case "category":
                return tuple(choice.words[lang] for choice in self.categories)
            case "caller":
                return tuple(choice.words[lang] for choice in self.callers)
            case "complaint":
                return yes_no(lang)
            case "next_channel":
                return tuple(channel_words(one, lang) for one in CHANNELS)
        return next((one.options(lang) for one in self.asked if one.key == column), ())

    def by_heading(self) -> dict[str, str]:
        """What each heading means, in both languages, and each code: `tables.heading_key` -> column."""
        every = (*COLUMNS, *self.columns())
        said = {heading_key(self.heading(column, lang)): column for lang in LANGUAGES for column in every}
        return said | {heading_key(column): column for column in every}


def heading(column: str, lang: str) -> str:
    """What stands above a column; the code of a score column, whose question depends on the form."""
    said = COLUMNS.get(column) or ANSWERS.get(column)
    return column if said is None else said[0] if lang == "zh" else said[1]


def form(
    results: Mapping[str, CallResult],
    categories: Mapping[str, Any],
    asked: Iterable[Asked],
    callers: Iterable[tuple[str, str]],
) -> Form:
    """The form of a dealer: results by family, categories as the taxonomy has them, callers as (code, name)."""
    ordered = sorted(results.values(), key=lambda one: list(AttemptOutcome).index(one.outcome))
    return Form(
        results=tuple(
            Choice(
                one.code, {lang: f"{family(one.outcome, lang)}-{one.label.get(lang, one.code)}" for lang in LANGUAGES}
            )
            for one in ordered
        ),
        categories=tuple(
            Choice(one.code, {lang: one.label.get(lang, one.code) for lang in LANGUAGES}) for one in categories.values()
        ),
        callers=tuple(Choice(code, dict.fromkeys(LANGUAGES, name)) for code, name in callers),
        asked=tuple(asked),
    )


def asked_by(survey: Survey) -> Iterator[Asked]:
    """The questions of a questionnaire that are asked on the phone and answered by a number, or by yes or no."""
    for question in survey.questions.values():
        if question.phone and question.kind in SCORED:
            yield Asked(survey.code, survey.label, question)


def family(outcome: AttemptOutcome, lang: str) -> str:
    """The name of a family of results: 成功, 失败, 无效."""
    return catalogue.say(f"outcome.{outcome.value}", lang)


def yes_no(lang: str) -> tuple[str, str]:
    """The two words of a yes-or-no column."""
    return (catalogue.say("worklist.yes", lang), catalogue.say("worklist.no", lang))


def channel_words(channel: Channel, lang: str) -> str:
    """How a booked channel is called on the sheet."""
    return catalogue.say(f"channel.{channel.value}", lang)


def word_key(text: str) -> str:
    """A word as it is compared: half-width, without case and spaces, dashes of every kind alike."""
    return "".join(fold(text).casefold().split())


def meanings(choices: Iterable[Choice]) -> dict[str, str | None]:
    """Every way to write each choice -> its code; None where two choices are written alike.

    A result may be written with its family or without, in either language, or as its code.
    """
    found: dict[str, str | None] = {}
    for choice in choices:
        said = {word_key(choice.code)}
        for words in choice.words.values():
            said |= {word_key(words), word_key(words.partition("-")[2] or words)}
        for key in said:
            found[key] = choice.code if found.get(key, choice.code) == choice.code else None
    return found
