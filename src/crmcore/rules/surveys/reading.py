"""What an answer says: a number on its scale, yes or no, a choice, words, or "does not apply"; or why it says nothing.

The answer itself is kept as it was given (but for choices, which are kept as codes); nothing here guesses.
"""

from __future__ import annotations

import re
from decimal import Decimal

from crmcore.rules.numbers import yes_no
from crmcore.rules.text import DESTROYED, Bad, blank, destroyed, fold, words
from crmcore.types.survey import Answer, Question, QuestionKind

NUMBER = Bad("ANSWER_NO_NUMBER")
OUTSIDE = Bad("ANSWER_OUTSIDE_SCALE")
FRACTION = Bad("ANSWER_FRACTION")
YES_NO = Bad("ANSWER_NO_YES_NO")
CHOICE = Bad("ANSWER_NO_CHOICE")

#: "Does not apply", and what comes to the same for a score: the customer cannot tell.
_NA = words(
    "不适用 不涉及 未体验 没体验 没有体验 无此项 无此项目 未使用 不清楚 不知道 不好说 拒答 n.a. not_applicable don't_know"
) | {"not applicable", "does not apply", "don't know", "no answer"}
_DIGITS = {char: number for number, char in enumerate("零一二三四五六七八九十")} | {"〇": 0, "两": 2}
_NUMBER = re.compile(
    r"([+-]?[0-9]{1,4}(?:\.[0-9]{1,2})?) ?(?:分|points?|pts?)?(?: ?/ ?([0-9]{1,4}) ?分?)?", re.IGNORECASE
)
_BETWEEN = re.compile(r"[,;|、，；]")
_SCALES = {QuestionKind.SCALE, QuestionKind.NPS}
_NPS = (0, 10)


def answer(
    question: Question, raw: str | None, *, comment: str = "", scale: tuple[int, int] | None = None
) -> Answer | Bad:
    """The answer that `raw` gives to `question`, on `scale` where it was asked on another than ours."""
    text = fold(raw or "")
    ends = scale_of(question, scale)
    said = Answer(question=question.code, value=text, comment=comment, minimum=ends[0], maximum=ends[1])
    if question.kind is QuestionKind.TEXT:
        return Answer(question=question.code, value=(raw or "").strip(), na=not text, comment=comment)
    if not text or text.lower() in _NA or (blank(text) and question.kind is not QuestionKind.YESNO):
        return _nothing(said)
    if destroyed(text):
        return DESTROYED
    if question.kind is QuestionKind.YESNO:
        return _yes_no(said)
    return _number(said, question) if question.kind in _SCALES else _choices(said, question)


def scale_of(question: Question, scale: tuple[int, int] | None = None) -> tuple[int | None, int | None]:
    """The ends of the scale on which `question` is answered; (None, None) where it has none."""
    if question.kind not in _SCALES:
        return (None, None)
    if scale is not None:
        return scale
    least, most = _NPS if question.kind is QuestionKind.NPS else (None, None)
    return (
        question.minimum if question.minimum is not None else least,
        question.maximum if question.maximum is not None else most,
    )


def number_of(value: str) -> Decimal | None:
    """The number that a kept answer stands for, yes as 1 and no as 0; None for words."""
    text = fold(value)
    if found := _NUMBER.fullmatch(text):
        return Decimal(found[1])
    if len(bare := text.removesuffix("分")) == 1 and bare in _DIGITS:
        return Decimal(_DIGITS[bare])
    said = yes_no(text)
    return Decimal(int(said)) if isinstance(said, bool) else None


def _nothing(said: Answer) -> Answer:
    return Answer(
        question=said.question, value="", na=True, comment=said.comment, minimum=said.minimum, maximum=said.maximum
    )


def _yes_no(said: Answer) -> Answer | Bad:
    found = yes_no(said.value)
    if found is None:
        return _nothing(said)
    return said if isinstance(found, bool) else YES_NO


def _number(said: Answer, question: Question) -> Answer | Bad:
    found = _NUMBER.fullmatch(said.value)
    number = number_of(said.value) if found or said.value.removesuffix("分") in _DIGITS else None
    if number is None:
        return NUMBER
    if question.kind is QuestionKind.NPS and number != int(number):
        return FRACTION
    least, most = said.minimum, said.maximum
    of = found[2] if found else None
    if (of is not None and int(of) != most) or (least is not None and number < least):
        return OUTSIDE
    return OUTSIDE if most is not None and number > most else said


def _choices(said: Answer, question: Question) -> Answer | Bad:
    names = {name.casefold(): code for code, label in question.choices.items() for name in (code, *label.values())}
    parts = _BETWEEN.split(said.value) if question.kind is QuestionKind.MULTI else [said.value]
    codes = [names.get(part.strip().casefold()) for part in parts if part.strip()]
    if None in codes:
        return CHOICE
    return Answer(question=said.question, value=";".join(dict.fromkeys(map(str, codes))), comment=said.comment)
