"""Did the customer say "no more texts"?  A refusal stops at once; a question about a cancellation waits for a person.

Three rules, in this order, after full-width forms, case, spaces and punctuation around the text are evened out:

1. The whole text is one of `WORDS`: it is a refusal. Single letters and everyday words (R, T, CANCEL, END) count only so.
2. The first word is one of `LEADING` and a short remark follows ("TD hello", "退订，谢谢"): it is a refusal, unless it asks something.
3. Everything else is read by a person: "请问怎么退订保养套餐", "stop by tomorrow?", "cancel my appointment".

To err on the side of silence is cheap (service texts become calls, and an opt-in is one command); a missed refusal is not.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

#: A refusal when it is the whole text. Sources: Huawei Cloud "拒收请回复R"; Alibaba Cloud "回T退订"; AWS End User Messaging: ARRET,
#: CANCEL, END, OPTOUT, QUIT, REMOVE, STOP, TD, UNSUBSCRIBE; Braze: STOPALL; TCPA: any reasonable wording. Not N: it answers questions.
# fmt: off
WORDS = frozenset({
    "r", "t", "td", "回r", "回t", "回td", "回复r", "回复t", "回复td", "td退订", "t退订", "r拒收", "拒收请回复r",
    "退订", "退訂", "我要退订", "我退订", "请退订", "申请退订", "退订了", "短信退订", "退订短信", "取消订阅", "取消訂閱", "取消短信",
    "拒收", "我拒收", "拒收短信", "停发", "停发短信", "停止发送", "停止发短信",
    "不要再发", "不要再发了", "不要发了", "别发了", "别再发了", "请勿再发", "不要再发短信", "别再发短信了", "不要给我发短信",
    "stop", "stopall", "stop all", "unsubscribe", "unsub", "quit", "cancel",
    "end", "remove", "optout", "opt-out", "opt out", "revoke", "arret", "arrêt",
    "stop it", "please stop", "remove me", "stop texting me", "stop messages", "no more texts",
})
# fmt: on

#: A refusal also when a short remark follows.
LEADING = frozenset(
    {"td", "退订", "退訂", "拒收", "停发", "取消订阅", "stop", "stopall", "unsubscribe", "optout", "opt-out"}
)

#: Longer than this, in characters, is no remark but something to read.
SHORT = 12

#: What asks is not a refusal: "退订 怎么弄", "stop by?"; nor is "stop by later" or "stop in".
_ASKS = re.compile(r"[?吗么呢嘛]|如何|怎样|哪|能不能|可否|可以|^(by|in|over|at)\b")


def opt_out_word(text: str, extra: Collection[str] = ()) -> str | None:
    """The word by which `text` opts its sender out, evened out; None when a person has to read it.

    Args:
        text: what the customer sent.
        extra: a dealer's own words; they count only as the whole text, like a single letter.
    """
    said = _even(text)
    known = WORDS | {_even(word) for word in extra if _even(word)}
    for whole in (said, said.replace(" ", "")):
        if whole in known:
            return whole
    first, rest = _first_word(said)
    if first in LEADING and len(rest) <= SHORT and not _ASKS.search(rest + said[-1:]):
        return first
    return None


def _even(text: str) -> str:
    """Narrow, lower-case, one space between words, nothing but letters and digits at the ends except what asks."""
    narrow = unicodedata.normalize("NFKC", text).casefold()
    visible = "".join(one for one in narrow if one.isspace() or unicodedata.category(one) not in {"Cc", "Cf"})
    words = " ".join(visible.split())
    start, end = 0, len(words)
    while start < end and not words[start].isalnum():
        start += 1
    while end > start and not words[end - 1].isalnum() and words[end - 1] != "?":
        end -= 1
    return words[start:end]


def _first_word(said: str) -> tuple[str, str]:
    """The first word up to a space or punctuation, and what follows it; "opt-out" is one word."""
    found = re.match(r"(opt-out|\w+)\W+(.*)", said)
    return (found[1], found[2]) if found else (said, "")
