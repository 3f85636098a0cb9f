"""What arrives at an open address: pushes that were cut, changed, forged, or never were any."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

import attrs

from crmcore.hooks.adapters import WebhookRequest

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

#: How many made-up pushes an adapter is shown.
EXAMPLES = 100
#: What a signature looks like; an id is shorter, a time has other signs in it, and a word no digits.
_SIGNATURE = re.compile(r"(?=.*[0-9])(?=.*[A-Za-z])[A-Za-z0-9+/=_-]{16,}")
#: What a value of a form, a query or a header may be instead.
_STRANGE: tuple[str, ...] = (
    "", " ", "\x00", "\ufffd", "null", "true", "-1", "0", "1.5", "1e400", "NaN", "٣", "²", "9" * 11, "9" * 5_000, "%d", "%", "{}",
    "[]", "2026-13-45 99:99:99", "退订" * 2_000, "a" * 20_000, "<b>",
)  # fmt: skip
#: What a value of JSON may be besides.
_STRANGE_JSON: tuple[Any, ...] = (
    None, True, 0, -1, 10**30, 1.5, 1e308, float("nan"), float("inf"), [], {}, [[]], [None], {"": None}, "\ud800",
)  # fmt: skip
#: Bodies that break readers.
_BODIES: tuple[bytes, ...] = (
    b"", b"\x00", b"\xff\xfe\xfa", b"{", b"[", b"[]", b"{}", b"null", b"1", b'""', b"[" * 100_000, b'{"a":' * 50_000, b"[null]",
    b"[[]]", b"9" * 5_000, b"<a>", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", b"=&=&", b"%", b"%ff=%fe", b"a=1;b=2",
    '{"text": "退订"}'.encode("gb18030"), "\ufeff{}".encode(),
)  # fmt: skip


def evil(good: Sequence[WebhookRequest]) -> Iterator[WebhookRequest]:
    """Each good push with one thing in it replaced by something strange, or left out."""
    for push in good:
        yield from broken(push)
        for body in _BODIES:
            yield attrs.evolve(push, body=body)
        yield from _replaced(push, _STRANGE)
        yield from _replaced_in_json(push)
        yield WebhookRequest(method=push.method, path=push.path)


def broken(push: WebhookRequest) -> Iterator[WebhookRequest]:
    """What a proxy leaves of a push: its first half, or everything but one field."""
    yield attrs.evolve(push, body=push.body[: len(push.body) // 2])
    yield attrs.evolve(push, body=push.body[:-1])
    for name in push.query:
        yield attrs.evolve(push, query=_without(push.query, name))
    fields = _form(push)
    for name in fields:
        yield attrs.evolve(push, body=urlencode(_without(fields, name)).encode())
    said = _json(push)
    for path in _places(said):
        yield attrs.evolve(push, body=_dumped(_put(said, path, _GONE)))


def forged(true: WebhookRequest, other: WebhookRequest) -> Iterator[WebhookRequest]:
    """Each way to make `true` say something else without knowing the secret: parts of `other`, flipped bits, with pieces left out."""
    yield from _lessened(true)
    for changed in _changed(true, other):
        if changed != other:  # another's whole push is true again
            yield changed
            yield from _lessened(changed)


def _changed(true: WebhookRequest, other: WebhookRequest) -> Iterator[WebhookRequest]:
    """`true` with something of `other` in it, or with one bit flipped."""
    yield attrs.evolve(true, body=other.body)
    yield attrs.evolve(true, query=other.query)
    yield attrs.evolve(true, headers=other.headers)
    for name in true.query.keys() & other.query.keys():
        yield attrs.evolve(true, query={**true.query, name: other.query[name]})
    fields, others = _form(true), _form(other)
    for name in fields.keys() & others.keys():
        yield attrs.evolve(true, body=urlencode({**fields, name: others[name]}).encode())
    said, elsewhere = _json(true), _json(other)
    for path in set(_places(said)) & set(_places(elsewhere)):
        yield attrs.evolve(true, body=_dumped(_put(said, path, _at(elsewhere, path))))
    for place in range(0, len(true.body), max(1, len(true.body) // 16)):
        yield attrs.evolve(true, body=true.body[:place] + bytes([true.body[place] ^ 1]) + true.body[place + 1 :])


def _lessened(push: WebhookRequest) -> Iterator[WebhookRequest]:
    """Without headers, without one of them, or of its query, or of its fields: the signature is one of these."""
    yield attrs.evolve(push, headers={})
    for name in push.headers:
        yield attrs.evolve(push, headers=_without(push.headers, name))
        yield attrs.evolve(push, headers={**push.headers, name: ""})
    yield from broken(push)


def pushes(good: Sequence[WebhookRequest]) -> SearchStrategy[WebhookRequest]:
    """Pushes to the addresses of good ones, made of anything, and of pieces of good ones."""
    from hypothesis import strategies as st

    texts = st.one_of(st.sampled_from(_STRANGE), st.text(max_size=40), st.integers().map(str))
    names = st.one_of(
        st.sampled_from(sorted({name for push in good for name in (*push.query, *_form(push))} | {"a"})),
        st.text(max_size=8),
    )
    leaves = st.one_of(st.sampled_from(_STRANGE_JSON), texts)
    keys = st.one_of(
        st.sampled_from(sorted({name for push in good for name in _names(_json(push))} | {"a"})), st.text(max_size=4)
    )
    values = st.recursive(
        leaves,
        lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=4)),
        max_leaves=12,
    )
    bodies = st.one_of(
        st.binary(max_size=200),
        st.sampled_from(_BODIES),
        values.map(_dumped),
        st.dictionaries(names, texts, max_size=5).map(lambda fields: urlencode(fields, errors="replace").encode()),
        st.tuples(st.sampled_from(good), st.integers(0, 400), st.binary(max_size=4)).map(_spliced),
    )
    headers = st.dictionaries(
        st.sampled_from(sorted({name for push in good for name in push.headers} | {"content-type"})), texts, max_size=4
    )
    return st.builds(
        lambda push, query, more, body: attrs.evolve(
            push, query={**push.query, **query}, headers={**push.headers, **more}, body=body
        ),
        st.sampled_from(good),
        st.dictionaries(names, texts, max_size=5),
        headers,
        st.one_of(bodies, st.sampled_from([push.body for push in good])),
    )


# ------------------------------------------------------------------ who compares with whom


class _Watched(str):
    """A text that notes when somebody finds it equal to another one."""

    __slots__ = ("equals",)
    equals: list[str]

    def __eq__(self, other: object) -> bool:
        found = str.__eq__(self, other)
        if found is True:
            self.equals.append(str.__str__(self))
        return found

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = str.__hash__


def watched(true: WebhookRequest, other: WebhookRequest) -> tuple[WebhookRequest, list[str]]:
    """`true` with everything watched that looks like a signature and differs between pushes; and what was found equal."""
    equals: list[str] = []

    def watch(values: Mapping[str, str], others: Mapping[str, str]) -> dict[str, str]:
        found = dict(values)
        for name, value in values.items():
            if _SIGNATURE.fullmatch(value) and value != others.get(name):
                found[name] = noted = _Watched(value)
                noted.equals = equals
        return found

    query, headers = watch(true.query, other.query), watch(true.headers, other.headers)
    return attrs.evolve(true, query=query, headers=headers), equals


# ------------------------------------------------------------------ one thing replaced


class _Gone:
    """Stands for "left out"."""


_GONE = _Gone()


def _replaced(push: WebhookRequest, values: Sequence[str]) -> Iterator[WebhookRequest]:
    fields = _form(push)
    for value in values:
        for name in push.query:
            yield attrs.evolve(push, query={**push.query, name: value})
        for name in push.headers:
            yield attrs.evolve(push, headers={**push.headers, name: value})
        for name in fields:
            yield attrs.evolve(push, body=urlencode({**fields, name: value}).encode())


def _replaced_in_json(push: WebhookRequest) -> Iterator[WebhookRequest]:
    said = _json(push)
    for path in _places(said):
        for value in (*_STRANGE, *_STRANGE_JSON):
            yield attrs.evolve(push, body=_dumped(_put(said, path, value)))


def _places(said: object) -> Iterator[tuple[str | int, ...]]:
    """The path of everything in a document of JSON, the whole excluded."""
    inner: Sequence[tuple[str | int, object]] = ()
    if isinstance(said, dict):
        inner = tuple(said.items())
    elif isinstance(said, list):
        inner = tuple(enumerate(said))
    for name, value in inner:
        yield (name,)
        yield from ((name, *rest) for rest in _places(value))


def _put(said: Any, path: tuple[str | int, ...], value: object) -> object:
    """The document with `value` at `path`."""
    if not path:
        return value
    name, *rest = path
    changed: Any = dict(said) if isinstance(said, dict) else list(said)
    if not rest and value is _GONE:
        del changed[name]
    else:
        changed[name] = _put(said[name], tuple(rest), value)
    return changed


def _at(said: Any, path: tuple[str | int, ...]) -> object:
    for step in path:
        said = said[step]
    return said


def _names(said: object) -> Iterator[str]:
    return (step for path in _places(said) for step in path if isinstance(step, str))


def _json(push: WebhookRequest) -> object:
    try:
        return json.loads(push.body)
    except ValueError:
        return None


def _dumped(said: object) -> bytes:
    return json.dumps(said, ensure_ascii=False).encode("utf-8", "replace")


def _form(push: WebhookRequest) -> dict[str, str]:
    """The fields of a form; nothing of what is no form."""
    if push.body[:1] in {b"{", b"[", b"<", b""}:
        return {}
    return dict(parse_qsl(push.body.decode("utf-8", "replace"), keep_blank_values=True))


def _without(values: Mapping[str, str], name: str) -> dict[str, str]:
    return {each: value for each, value in values.items() if each != name}


def _spliced(parts: tuple[WebhookRequest, int, bytes]) -> bytes:
    push, place, piece = parts
    return push.body[:place] + piece + push.body[place + 1 :]
