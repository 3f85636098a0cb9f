"""The words of reports for codes: questionnaires, colleagues, stores, states, integrity marks."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection

from crmcore import lang as catalogue
from crmcore.flows import naming
from crmcore.flows.report_head import Frame
from crmcore.reports.facts import Named
from crmcore.types.complaint import Category
from crmcore.types.contact import TouchpointRule
from crmcore.types.survey import Survey

Words = dict[str, dict[str, str]]


def csi_words(connection: Connection, surveys: Mapping[str, Survey], frame: Frame, lang: str) -> Named:
    """Factors and questions are named by their own questionnaire: two may use one code for different things."""
    words: Words = {"survey": {code: _label(each.label, code, lang) for code, each in surveys.items()}}
    for code, survey in surveys.items():
        words[f"{code}.factor"] = {key: _label(each.label, key, lang) for key, each in survey.factors.items()}
        words[f"{code}.question"] = {key: _label(each.text, key, lang) for key, each in survey.questions.items()}
    return Named({**words, **_common(connection, frame, lang)})


def board_words(connection: Connection, categories: Mapping[str, Category], frame: Frame, lang: str) -> Named:
    """Categories, causes (which are categories too, or words of the dealer's own), roles and colleagues."""
    labels = {code: _label(each.label, code, lang) for code, each in categories.items()}
    return Named({"category": labels, "cause": labels, **_common(connection, frame, lang)})


def calls_words(connection: Connection, rules: Mapping[str, TouchpointRule], frame: Frame, lang: str) -> Named:
    """Tasks, roles and colleagues."""
    labels = {code: _label(rule.label, code, lang) for code, rule in rules.items()}
    return Named({"rule": labels, **_common(connection, frame, lang)})


def _common(connection: Connection, frame: Frame, lang: str) -> Words:
    return {
        "staff": naming.staff_names(connection),
        "store": {store.code: store.name for store in frame.stores},
        "reason": {code: entry["text"] for code, entry in catalogue.catalogue(lang).get("reasons", {}).items()},
        "role": _said("role.", lang),
    }


def _said(prefix: str, lang: str) -> dict[str, str]:
    said = catalogue.catalogue(lang)["say"]
    return {key.removeprefix(prefix): words for key, words in said.items() if key.startswith(prefix)}


def _label(labels: Mapping[str, str], code: str, lang: str) -> str:
    return labels.get(lang, code)
