"""Two languages, one set of sentences."""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files
from pathlib import Path
from string import Formatter

import pytest

import _crmcore_pytest
from crmcore import errors, lang

ROOT = Path(__file__).parents[1]
PACKAGES = ("crmcore", *sorted(f"crmcore_{path.parent.name}" for path in ROOT.glob("plugins/*/pyproject.toml")))
SOURCES = [
    Path(_crmcore_pytest.__file__),
    *(file for package in PACKAGES for file in Path(str(files(package))).rglob("*.py")),
]


def sentences(package: str, language: str) -> dict[tuple[str, str, str], str]:
    found = {}
    for table, entries in lang.catalogue(language, package).items():
        for code, entry in entries.items():
            for part, words in entry.items() if isinstance(entry, dict) else [("text", entry)]:
                found[table, code, part] = words
    return found


def placeholders(words: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(words) if name}


@pytest.mark.parametrize("package", PACKAGES)
def test_both_languages_say_the_same_things(package):
    """Every sentence exists in Chinese and English with the same placeholders."""
    zh, en = sentences(package, "zh"), sentences(package, "en")

    assert sorted(zh) == sorted(en)
    assert [] == [key for key in zh if placeholders(zh[key]) != placeholders(en[key])]


@pytest.mark.parametrize("package", PACKAGES)
def test_every_error_says_what_to_do(package):
    """No error has words without a fix, in either language."""
    for language in lang.LANGUAGES:
        for code, entry in lang.catalogue(language, package).get("errors", {}).items():
            assert entry["text"], code
            assert entry["fix"], code


def test_every_code_that_is_raised_has_words():
    """Each "CRM-…" in the source has a sentence, and each sentence is raised somewhere."""
    raised = {code for file in SOURCES for code in re.findall(r'"(CRM-[A-Z]\d{3})"', file.read_text("utf-8"))}
    worded = {code for package in PACKAGES for code in lang.catalogue("en", package).get("errors", {})}

    assert set() == raised - worded
    assert set() == worded - raised


@pytest.mark.parametrize("package", PACKAGES)
def test_sentences_survive_a_gbk_console(package):
    """Every sentence can be printed where the console speaks GBK."""
    for language in lang.LANGUAGES:
        for words in sentences(package, language).values():
            words.encode("gbk")


def test_an_error_speaks_both_languages():
    """An error renders its code, its place, what happened and what to do."""
    error = errors.MissingExtra("CRM-X001", at="crm.toml:3", extra="pg")

    assert 'CRM-X001 crm.toml:3: This needs libraries that are not installed. → Run: pip install "crmcore[pg]"' == str(
        error
    )
    assert "pip install" in error.render("zh")


def test_an_error_without_words_still_tells_its_parameters():
    """A code that no catalogue knows shows its parameters instead of hiding them."""
    assert "CRM-Z999 key=tokn" == str(errors.ConfigError("CRM-Z999", key="tokn"))
    assert ("X_Y", "") == lang.reason("X_Y", "en")
    assert "no.such.key" == lang.say("no.such.key", "en")


def test_errors_survive_pickling():
    """An error that crosses a process keeps code, place, parameters and what it carries."""
    import pickle

    error = pickle.loads(pickle.dumps(errors.NotSent("CRM-H001", at="x", retry_after=3.0, host="h")))

    assert ("CRM-H001", "x", 3.0, {"host": "h"}) == (error.code, error.at, error.retry_after, error.params)


def test_several_mistakes_are_told_one_a_line():
    """A config error that holds several says each on its own line."""
    error = errors.ConfigError("CRM-C100", errors=(errors.ConfigError("CRM-Z998"), errors.ConfigError("CRM-Z999")))

    assert 2 == len(str(error).splitlines())


def test_a_reason_inside_an_error_is_said_in_words():
    """An error that names a reason code shows its words in the reader's language; an unknown one stays as it is."""
    told = [
        errors.UsageError("CRM-S233", field="phone", reason=code) for code in ("PHONE_SCIENTIFIC", "NO_SUCH_REASON")
    ]

    assert "科学计数法" in told[0].render("zh")
    assert "NO_SUCH_REASON" in told[1].render("zh")


def test_a_code_is_worded_in_one_place():
    """Two rooms that took the same code would hide each other's words."""
    folder = files("crmcore") / "lang"
    for language in ("zh", "en"):
        codes = [
            code
            for file in folder.glob(f"*.{language}.toml")
            for code in tomllib.loads(file.read_text("utf-8")).get("errors", {})
        ]

        assert [] == sorted({code for code in codes if codes.count(code) > 1})
