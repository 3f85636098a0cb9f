"""Hears a complaint in what a customer said: by the words of the taxonomy, with visible reasons, and with an ear for "no".

It is there to miss little and to show why; a person looks at every case it opens. A word inside a harmless phrase, and one
that is denied ("没有不满意", "no complaint", "投诉：无"), says nothing.
"""

from __future__ import annotations

import functools
import re
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator, Mapping

import attrs

from crmcore.rules.complaints.cause import OTHER, group, severer
from crmcore.rules.complaints.policy import ComplaintPolicy
from crmcore.rules.text import fold
from crmcore.types.complaint import Category, ComplaintDraft, ComplaintForm, Severity
from crmcore.types.contact import ContactAttempt, Reply
from crmcore.types.survey import Response


@attrs.frozen
class _Span:
    """A word of one of the lists, where it stands in the text, and what it says of a case."""

    start: int
    end: int
    word: str
    kind: str
    category: str = OTHER
    severity: Severity = Severity.LOW


def find(
    evidence: str | Response | ContactAttempt | Reply, categories: Mapping[str, Category], policy: ComplaintPolicy
) -> ComplaintDraft | None:
    """The complaint in the customer's own words; None when there is none.

    The longest word names the branch of the taxonomy, the most precise word in it the category; of equals the earlier one.
    OTHER is for what names no cause. Safety, legal and media words make it CRITICAL; one of them alone is a case too.
    """
    words = evidence if isinstance(evidence, str) else own_words(evidence)
    written = _spelt(words)
    text = _small(written)
    spans = _meant(text, _spans(text, categories, policy))
    found = sorted((span for span in spans if span.kind in {"word", "critical"}), key=_weight)
    if not found:
        return None
    about = min((span for span in found if group(span.category) == group(found[0].category)), key=_precision)
    demands = [_clause(written, span) for span in spans if span.kind == "demand"]
    severity = functools.reduce(severer, (span.severity for span in found))
    asks = demands or severity is Severity.CRITICAL
    return ComplaintDraft(
        category=about.category,
        severity=severity,
        form=ComplaintForm.COMPLAINT if asks else ComplaintForm.GRUMBLE,
        verbatim=words,
        demand="\n".join(dict.fromkeys(demands)),
        why=tuple(dict.fromkeys(f"{span.kind}:{span.word}" for span in (about, *found))),
    )


def own_words(evidence: Response | ContactAttempt | Reply) -> str:
    """What the customer said, line by line: a text, what the caller wrote down of him, free answers and comments."""
    if isinstance(evidence, Reply):
        return evidence.text
    if isinstance(evidence, ContactAttempt):
        return evidence.remark
    said = (part for answer in evidence.answers for part in (answer.value, answer.comment))
    return "\n".join(part for part in said if part and not _CODE.fullmatch(part))


def _weight(span: _Span) -> tuple[bool, int, int, int]:
    """The order in which words name the branch, best first."""
    return span.category == OTHER, span.start - span.end, -span.category.count("."), span.start


def _precision(span: _Span) -> tuple[int, int, int]:
    """The order in which words of one branch name the category, best first."""
    return -span.category.count("."), span.start - span.end, span.start


def _spans(text: str, categories: Mapping[str, Category], policy: ComplaintPolicy) -> list[_Span]:
    """Every word of every list that stands in the text."""
    lists: list[tuple[Collection[str], str, str, Severity]] = [
        (policy.critical_words, "critical", OTHER, Severity.CRITICAL),
        (policy.demand_words, "demand", OTHER, Severity.LOW),
        (policy.harmless_words, "harmless", OTHER, Severity.LOW),
        *((each.words, "word", each.code, each.severity) for each in categories.values()),
    ]
    return [
        _Span(start, end, word, kind, category, severity)
        for words, kind, category, severity in lists
        for word in words
        for start, end in _places(text, word)
    ]


def _meant(text: str, spans: list[_Span]) -> list[_Span]:
    """Those that say something: neither part of a longer harmless phrase or of a longer word of their list, nor denied."""
    spans = sorted(spans, key=lambda one: one.start)
    starts = [span.start for span in spans]
    longest = max((span.end - span.start for span in spans), default=0)
    return [
        span
        for span in spans
        if span.kind != "harmless"
        and not any(
            _covers(spans[at], span)
            for at in range(bisect_left(starts, span.start - longest), bisect_right(starts, span.start))
        )
        and not _denied(text, span)
    ]


def _covers(longer: _Span, span: _Span) -> bool:
    inside = longer.start <= span.start and span.end <= longer.end and longer.end - longer.start > span.end - span.start
    same_phrase = (longer.start, longer.end) == (span.start, span.end) and longer.kind == "harmless"
    return (inside and longer.kind in {span.kind, "harmless"}) or same_phrase


# ------------------------------------------------------------------ words in a text

#: Answers that are codes of a choice, not words.
_CODE = re.compile(r"[A-Z0-9_.+-]+")
_BETWEEN_IDEOGRAPHS = re.compile(r"(?<=[\u4e00-\u9fff，。！？；：、]) +(?=[\u4e00-\u9fff])")
_APOSTROPHES = str.maketrans("’‘`´", "''''")
_SPACES = re.compile(r"[^\S\n]+")


def _spelt(text: str) -> str:
    """One spelling: half-width, straight apostrophes, no spaces between ideographs; lines stay lines."""
    lines = (_SPACES.sub(" ", fold(line).translate(_APOSTROPHES)) for line in text.splitlines())
    return "\n".join(_BETWEEN_IDEOGRAPHS.sub("", line) for line in lines)


def _small(text: str) -> str:
    """Small letters, each where its capital stood."""
    return "".join(small if len(small := char.lower()) == 1 else char for char in text)


def _places(text: str, word: str) -> Iterator[tuple[int, int]]:
    """Where `word` stands; Latin letters and digits only as whole words: fire is not in firefly, 315 not in 13800315."""
    plain, pattern = _pattern(word)
    if plain in text:
        yield from (found.span() for found in pattern.finditer(text))


@functools.lru_cache(maxsize=4096)
def _pattern(word: str) -> tuple[str, re.Pattern[str]]:
    plain = _small(_spelt(word))
    before = r"(?<![a-z0-9_])" if re.match(r"[a-z0-9]", plain) else ""
    after = r"(?![a-z0-9_])" if re.search(r"[a-z0-9]$", plain) else ""
    return plain, re.compile(before + re.escape(plain) + after)


_CLAUSE_ENDS = "\n,.!?;，。！？；"


def _clause(text: str, span: _Span) -> str:
    """The part of the sentence in which the word stands."""
    start = max(text.rfind(mark, 0, span.start) for mark in _CLAUSE_ENDS) + 1
    ends = [at for mark in _CLAUSE_ENDS if (at := text.find(mark, span.end)) >= 0]
    return text[start : min(ends, default=len(text))].strip()


# ------------------------------------------------------------------ "no"

#: What may stand between "no" and the word without breaking the bond: 没有[什么需要]投诉, never had [any cause for] complaint.
_FILLERS = (
    "什么|任何|一点儿?|半点|丝毫|啥|过于|过|再|想到|想|去|要求|要|会|需要|需|必要|必|是|算得上|算|太|很|那么|这么|觉得|感觉|感到|认为"
    "|发现|发生|出现|遇到|碰到|存在|产生|收到|听到|看到|见到|提出|提到|提|表示|表达|进行|被|人员|人|来|打算|准备|至于|能|可|曾|到|有|的|让你们|对你们"
)
_ENGLISH = (
    "a|an|any|the|to|at|all|need|want|wish|have|has|had|been|be|really|ever|real|further|single|serious|about|is|was"
    "|were|of|reason|cause|for|going|intend|intention|feel|felt|very|too|so|one|it|that|think|say|made|make|file|lodge|get"
)
_NO = re.compile(
    rf"(?:(?:没有|不用|没|不|无|未|别|勿)(?:{_FILLERS}){{0,5}}"
    rf"|(?:\b(?:no|not|never|without|none|nothing|nobody|hardly|zero|cannot|dont)|n't)(?: (?:{_ENGLISH})\b){{0,5}} ?)\Z"
)
#: They hold a "no" and mean none: doubt, insistence, another word. 有没有 only asks: what follows it says nothing.
_NO_NO = re.compile(
    "是不是|能不能|会不会|要不要|可不可以|不得不|不能不|不可不|没法不|无法不|要不是|要不|怪不得|忍不住|动不动|三番五次"
    "|特别|分别|区别|级别|别人|别家|别的|不但|不仅|不光|不只|不断|不停|不然|不料|没想到|想不到|no longer|not only|no wonder"
)
#: 投诉：无; 不满意的地方没有; complaints: none.
_NONE_AFTER = re.compile(
    r"(?:的(?:地方|事情?|情况|问题|话)?)?(?:目前|暂时|倒|也|就|都|是|真|完全|这次|方面)*[:=?\- ]*"
    r"(?:没有|没|无|不用|不必|不需要|不存在|谈不上|说不上|不至于|算了|免了|none|no|nil|zero)"
    r"[了的吧啊呢过哦呀哈]*(?=[\s,.!?;，。！？；)]|$)"
)
#: Where the word begins with its own "no": [有]没有通知我, [是]不是原厂, [退]不退.
_ASKED = re.compile(r"有没有|(.)不\1")
_REACH = 80  # characters; no chain of fillers is longer


def _denied(text: str, span: _Span) -> bool:
    before = _NO_NO.sub("·", text[max(0, span.start - _REACH) : span.start])
    asked = span.start > 0 and _ASKED.match(text, span.start - 1) is not None
    return asked or _NO.search(before) is not None or _NONE_AFTER.match(text, span.end) is not None
