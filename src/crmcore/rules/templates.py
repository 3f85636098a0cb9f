"""The words of a text: variables filled, signature in front, the refusal route behind; nobody named on a shared number."""

from __future__ import annotations

import re
import string
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime

import attrs

from crmcore.types.contact import AnchorKind, MessageClass, MessageTemplate, TouchpointRule
from crmcore.types.store import Store

_ALWAYS = frozenset({"name", "store", "phone", "advisor"})
_DATED = _ALWAYS | {"date"}
_CAR = _DATED | {"plate", "km"}
_TIMED = _CAR | {"time"}
_SHARED_DAY = _DATED | {"event"}

#: What a text may say, by the event its rule hangs on.
VARIABLES: Mapping[AnchorKind, frozenset[str]] = {
    AnchorKind.PROSPECT_LEFT: _DATED,
    AnchorKind.DELIVERY_PLANNED: _TIMED,
    AnchorKind.DELIVERED: _CAR,
    AnchorKind.HANDED_OVER: _CAR,
    AnchorKind.READY: _TIMED,
    AnchorKind.APPOINTMENT: _TIMED,
    AnchorKind.FIRST_SERVICE: _CAR,
    AnchorKind.NEXT_SERVICE: _CAR,
    AnchorKind.INSURANCE_END: _CAR,
    AnchorKind.INSPECTION_DUE: _CAR,
    AnchorKind.WARRANTY_END: _CAR,
    AnchorKind.LAST_VISIT: _CAR,
    AnchorKind.BIRTHDAY: _DATED,
    AnchorKind.FAMILY_BIRTHDAY: _DATED,
    AnchorKind.HOLIDAY: _SHARED_DAY,
    AnchorKind.SEASON: _SHARED_DAY,
    AnchorKind.EVENT: _SHARED_DAY,
    AnchorKind.RESOLVED: _DATED,
}
#: Texts that no rule sends, by template: what they may say, what they must, and of which class they are.
OWN: Mapping[str, frozenset[str]] = {"SURVEY_LINK": _DATED | {"link"}, "CALL_MISSED": _ALWAYS}
OWN_CLASSES = {"SURVEY_LINK": MessageClass.CARE, "CALL_MISSED": MessageClass.SERVICE}
NEEDED: Mapping[str, frozenset[str]] = {"SURVEY_LINK": frozenset({"link"})}
#: What tells one person from another; a neutral text has none of them.
NAMING = frozenset({"name", "plate", "km", "advisor"})

_PRICE = re.compile(r"[￥¥]\s*\d|\d\s*(?:元|yuan|RMB|CNY)", re.IGNORECASE)
_SENTENCE = re.compile(r"[^。！？.!?]*[。！？.!?]+\s*|[^。！？.!?]+$")
_SALUTATION = re.compile(r"^\{name\}\s*[，,]\s*")
_SIGNATURE = re.compile(r"^【[^】]*】")

Suffix = Mapping[str, Mapping[str, str]]


@attrs.frozen(kw_only=True)
class Rendered:
    """A text as the customer reads it.

    Attributes:
        params: the variables that the text really uses, for vendors that want template and parameters.
        names_customer: it holds a name, a plate or a price.
    """

    text: str = attrs.field(repr=False)
    params: Mapping[str, str] = attrs.field(repr=False)
    names_customer: bool


@attrs.frozen
class Problem:
    """A mistake in a template: the field, what is wrong (a code with words in lang/), and the word at fault."""

    field: str
    code: str
    word: str


def variables(text: str) -> set[str]:
    """The names in braces.

    Raises:
        ValueError: a brace is not closed, or a name is none.
    """
    found: set[str] = set()
    for _, name, form, conversion in string.Formatter().parse(text):
        if name is not None:
            if not name.isidentifier() or form or conversion:
                raise ValueError(name)
            found.add(name)
    return found


def check(template: MessageTemplate, rules: Iterable[TouchpointRule]) -> list[Problem]:
    """Every mistake: a variable that the rules using it cannot fill, a name in a neutral text, a signature written out."""
    allowed = set(OWN.get(template.code, _SHARED_DAY | _TIMED))
    for rule in rules:
        if rule.template == template.code:
            allowed &= VARIABLES[rule.anchor]
    found: list[Problem] = []
    for field in ("zh", "en", "neutral_zh", "neutral_en"):
        text = getattr(template, field)
        try:
            used = variables(text)
        except ValueError as error:
            found.append(Problem(field, "CRM-T110", str(error)))
            continue
        may = allowed - NAMING if field.startswith("neutral") else allowed
        found += [Problem(field, "CRM-T111", name) for name in sorted(used - may)]
        found += [Problem(field, "CRM-T115", name) for name in sorted(NEEDED.get(template.code, frozenset()) - used)]
        if not text.strip():
            found.append(Problem(field, "CRM-T112", ""))
        if _SIGNATURE.match(text):
            found.append(Problem(field, "CRM-T113", ""))
        if field.startswith("neutral") and _PRICE.search(text):
            found.append(Problem(field, "CRM-T114", ""))
    return found


def body(template: MessageTemplate, params: Mapping[str, str], lang: str, *, shared: bool, rides: bool = False) -> str:
    """The text without signature and suffix; a sentence whose phone number nobody knows is left out.

    Args:
        rides: it follows another text, so the salutation is not said twice.
    """
    words: str = getattr(template, f"neutral_{lang}" if shared else lang)
    if rides:
        words = _SALUTATION.sub("", words)
    if not params.get("phone"):
        words = "".join(sentence for sentence in _SENTENCE.findall(words) if "{phone}" not in sentence) or words
    return words.format_map(_Blank(params)).strip()


class _Blank(dict[str, str]):
    """A variable without a value leaves no trace in a customer's text."""

    def __missing__(self, key: str) -> str:
        return ""


def render(
    template: MessageTemplate,
    params: Mapping[str, str],
    lang: str,
    store: Store,
    *,
    shared: bool,
    message_class: MessageClass,
    suffix: Suffix,
    riders: Sequence[MessageTemplate] = (),
    rider_params: Sequence[Mapping[str, str]] = (),
) -> Rendered:
    """The whole text: 【signature】 body, what rides on it, and the refusal route of its class.

    Args:
        shared: the number belongs to several customers: the neutral words are taken.
        suffix: class -> language -> words ([suffix] of packs/messages.toml).
    """
    bodies = [body(template, params, lang, shared=shared)]
    bodies += [
        body(rider, theirs, lang, shared=shared, rides=True) for rider, theirs in zip(riders, rider_params, strict=True)
    ]
    said = ("" if lang == "zh" else " ").join(bodies)
    behind = suffix.get(message_class.value, {}).get(lang, "")
    if behind:
        said += f" {behind}"
    used = {name: params[name] for name in _used(template, lang, shared=shared) if params.get(name)}
    return Rendered(
        text=f"【{store.signature or store.name}】{said}",
        params=used,
        names_customer=names_somebody(said, (params, *rider_params)),
    )


def _used(template: MessageTemplate, lang: str, *, shared: bool) -> list[str]:
    return sorted(variables(getattr(template, f"neutral_{lang}" if shared else lang)))


def names_somebody(text: str, params: Collection[Mapping[str, str]]) -> bool:
    """Does `text` hold a name or plate of `params`, or a price?"""
    known = [each[name] for each in params for name in ("name", "plate") if each.get(name)]
    return any(value in text for value in known) or _PRICE.search(text) is not None


def say_day(on: date, lang: str) -> str:
    """A date as a text says it."""
    return f"{on.month}月{on.day}日" if lang == "zh" else on.isoformat()


def say_time(at: datetime) -> str:
    """A local time as a text says it."""
    return at.strftime("%H:%M")


#: What `crmcore plan --show` fills in, so that a dealer sees a whole text; the number is the sample dealer's.
SPECIMEN: Mapping[str, Mapping[str, str]] = {
    "zh": {
        "name": "王女士",
        "plate": "京A12345",
        "advisor": "李顾问",
        "date": "11月25日",
        "time": "10:00",
        "km": "20000",
        "event": "暴雪",
        "link": "https://example.com/s/a1b2c3",
    },
    "en": {
        "name": "Ms Wang",
        "plate": "京A12345",
        "advisor": "Li",
        "date": "2026-11-25",
        "time": "10:00",
        "km": "20000",
        "event": "heavy snow",
        "link": "https://example.com/s/a1b2c3",
    },
}
