"""docs/reference/rules.md: every touchpoint and text of the shipped packs, each number with its source."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from made.markdown import code, pack, plain, table

INTRO = """\
# Care rules and texts

What is owed to whom, when, and why; all of it is data, and you [change it](../howto/change-a-rule.md) in crm.toml.
S0 to S4 are training manuals of dealers, C and a number are published sources, and J is judgement: no manual says it.
Due is counted from the event; days are calendar days at opening, hours are instants.
"""


def rules_page() -> str:
    """Every touchpoint of the shipped packs, with its numbers and where they come from."""
    parts = [
        INTRO,
    ]
    for name, title in (
        ("sales", "Pack `sales`: from the visitor to the new car"),
        ("aftersales", "Pack `aftersales`"),
        ("second_callback", "In force with every choice of packs: the second callback of a complaint"),
    ):
        rules = pack(name)["rules"]
        parts.append(f"## {title}\n")
        headings = ("code", "English", "中文", "event", "due", "late after", "channels", "class")
        parts.append(table(headings, [overview(key, rule) for key, rule in rules.items()]))
        for key, rule in rules.items():
            parts.extend(details(key, rule))
    return "\n".join([*parts, *texts(), *policies()])


def overview(key: str, rule: Mapping[str, Any]) -> tuple[str, ...]:
    link = f"[`{key}`](#{key.lower()})"
    due = duration(rule.get("offset", "P0D"))
    late = duration(rule["within"]) if "within" in rule else ""
    channels = ", ".join(rule["channels"])
    return (
        link,
        rule["label"]["en"],
        rule["label"]["zh"],
        code(rule["anchor"]),
        due,
        late,
        channels,
        rule["message_class"],
    )


def details(key: str, rule: Mapping[str, Any]) -> Iterator[str]:
    yield f"### `{key}`\n"
    yield f"{rule['label']['en']} · {rule['label']['zh']}.\n"
    shown = {name: value for name, value in rule.items() if name not in {"label", "source"}}
    for name, value in shown.items():
        yield f"- {code(name)}: {code(written(value))}"
    yield f"- source: {plain(rule['source'])}\n"


def written(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {written(each)}" for key, each in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(written, value)) + "]"
    return str(value).lower() if isinstance(value, bool) else f'"{value}"' if isinstance(value, str) else str(value)


def duration(text: str) -> str:
    """An ISO 8601 duration in words: -P14D is "14 days before"."""
    found = re.fullmatch(r"(-?)PT?(\d+)([MDHYW])", text)
    if found is None:
        return code(text)
    sign, number, unit = found.groups()
    if number == "0":
        return "that day" if unit == "D" else "at once"
    name = {"M": "month", "D": "day", "H": "hour", "Y": "year", "W": "week"}[unit]
    return f"{number} {name}{'s' if number != '1' else ''}{' before' if sign else ''}"


def texts() -> Iterator[str]:
    yield "## Texts\n"
    yield "The signature stands before each, and the way to refuse behind care and marketing; `neutral` goes to numbers of several customers.\n"
    for key, template in pack("messages")["templates"].items():
        yield f"### Text `{key}`\n"
        for name in ("zh", "neutral_zh", "en", "neutral_en"):
            yield f"- {code(name)}: {plain(template[name])}"
        yield f"- source: {plain(template['source'])}\n"


def policies() -> Iterator[str]:
    yield "## Rules of contact\n"
    yield "Quiet hours, caps, retries and bundling, with the source of each number: [crm.toml](config.md#contact).\n"
