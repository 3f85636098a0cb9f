"""What the pages promise: they say what the code does, every link leads somewhere, and every block of code is run."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
import unicodedata
from importlib.resources import files
from pathlib import Path

import click
import pytest

from crmcore.cli import frame
from crmcore.cli.state import State
from crmcore.hooks import specs

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [
    ROOT / "README.md",
    ROOT / "README.zh.md",
    ROOT / "CONTRIBUTING.md",
    *sorted(DOCS.rglob("*.md")),
    *sorted(ROOT.glob("plugins/*/README.md")),
    *sorted(ROOT.glob("examples/**/README.md")),
]
#: Pages that a person has written; the reference is made from the code and says everything anyway.
WRITTEN = [page for page in PAGES if page.parent != DOCS / "reference"]
RUN = {"python", "console", "toml", "csv", "json", "mermaid", "sh", "powershell"}

#: A block that sets a page up and is of no use to its reader.
_HIDDEN = re.compile(r"^<!--- invisible-code-block: python\n.*?^--->$", re.MULTILINE | re.DOTALL)
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.fixture(name="generate")
def _generate(monkeypatch):
    """docs/generate.py, which finds its rooms beside it."""
    monkeypatch.syspath_prepend(str(DOCS))
    import generate  # type: ignore[import-not-found]

    return generate


def prose(page: Path) -> str:
    return _FENCE.sub("", _HIDDEN.sub("", page.read_text("utf-8")))


def installed(target: Path) -> Path:
    """Where a file of the checkout is; one of a package where that is installed."""
    assert target.is_relative_to(ROOT), target
    if "src" not in (parts := target.relative_to(ROOT).parts):
        return target
    package, *rest = parts[parts.index("src") + 1 :]
    return Path(str(files(package))).joinpath(*rest)


def anchors(page: Path) -> set[str]:
    """What can be linked to on a page, as GitHub makes it from headings."""
    found: set[str] = set()
    for heading in re.findall(r"^#+ (.*)$", prose(page), re.MULTILINE):
        kept = [char for char in heading.lower() if char in " -_" or unicodedata.category(char)[0] in "LNM"]
        found.add("".join(kept).replace(" ", "-"))
    return found


# ------------------------------------------------------------------ the reference


def test_the_reference_is_what_the_code_says(generate):
    """Every generated page on disk is the one that `make docs` writes now."""
    stale = [name(path) for path, text in generate.pages().items() if path.read_text("utf-8") != text]

    assert [] == stale


def test_a_key_without_words_is_noticed(generate, monkeypatch):
    """A key of crm.toml that nobody has described, or words for a key that is gone, stop the generator."""
    from made import crmtoml  # type: ignore[import-not-found]

    words = crmtoml.words()
    monkeypatch.setattr(crmtoml, "words", lambda: {**words, "serve": {"host": words["serve"]["host"]}})
    with pytest.raises(KeyError, match="public_url"):
        crmtoml.config_page()
    monkeypatch.setattr(
        crmtoml, "words", lambda: {**words, "serve": {**words["serve"], "gone": words["serve"]["host"]}}
    )
    with pytest.raises(SystemExit, match="gone"):
        crmtoml.config_page()


def test_a_check_without_a_reason_is_noticed(generate):
    """A check of the contract that does not say why, or what to do if it fails, stops the generator; each other is on the page."""
    from made import contract  # type: ignore[import-not-found]

    from crmcore.testing import MessagingContract

    def test_something(self) -> None:
        """Something holds. Why: because."""

    page = contract.contract_page()
    checks = [name for part in contract.parts_of(MessagingContract) for name, _ in contract.checks(part)]

    assert len(checks) > 50
    assert [] == [name for name in checks if f"### `{name}`\n" not in page]
    with pytest.raises(SystemExit, match="test_something"):
        contract.told(test_something)


def test_every_hook_has_its_signature():
    """A hook of specs.py stands in the reference as a heading, with its exact signature."""
    page = (DOCS / "reference/hooks.md").read_text("utf-8")
    tree = ast.parse(Path(specs.__file__).read_text("utf-8"))
    hooks = [node for node in tree.body if isinstance(node, ast.FunctionDef)]

    assert hooks
    for node in hooks:
        assert node.returns is not None
        assert f"## `{node.name}({ast.unparse(node.args)}) -> {ast.unparse(node.returns)}`\n" in page


# ------------------------------------------------------------------ what must be spoken of


def commands(context: click.Context) -> list[str]:
    group = context.command
    if not isinstance(group, click.Group):
        return [context.command_path]
    found = []
    for each in group.list_commands(context):
        command = group.get_command(context, each)
        assert command is not None
        found += commands(click.Context(command, info_name=each, parent=context, obj=context.obj))
    return found


def test_every_command_is_shown_at_work():
    """Each command stands in a page that a person has written, not only in the reference."""
    said = "\n".join(page.read_text("utf-8") for page in WRITTEN)
    missing = [
        path
        for path in commands(click.Context(frame.cli, info_name="crmcore", obj=State()))
        if not re.search(rf"{path}\b", said)
    ]

    assert [] == missing


def test_every_test_that_is_named_exists():
    """The page of the design names, in the row of each promise, the tests that keep it."""
    rows = re.findall(
        r"^\| (\d) \| .*$", page := (DOCS / "explanation/architecture.md").read_text("utf-8"), re.MULTILINE
    )
    named = {
        number: re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", line)
        for number in rows
        for line in page.splitlines()
        if line.startswith(f"| {number} | ")
    }

    assert [str(number) for number in range(1, 9)] == rows
    assert all(named.values())
    for file, test in (each for tests in named.values() for each in tests):
        assert f"def {test}(" in (ROOT / file).read_text("utf-8"), (file, test)


#: What is tested against, and types of what is used: nothing could stand in their place.
NO_OTHER = {"django", "django-stubs", "fastapi", "flask", "httpx", "types-openpyxl", "types-requests"}


def test_every_dependency_has_its_reason():
    """Each dependency of core, plugins and every extra has its line: the licence, what it is for, and what else was weighed."""
    wanted: set[str] = set()
    for path in (ROOT / "pyproject.toml", *ROOT.glob("plugins/*/pyproject.toml")):
        project = tomllib.loads(path.read_text("utf-8"))["project"]
        for group in (project["dependencies"], *project.get("optional-dependencies", {}).values()):
            wanted |= {re.split(r"[\[<>=; ]", each)[0] for each in group}
    lines = [
        line for line in (DOCS / "explanation/dependencies.md").read_text("utf-8").splitlines() if line[:2] == "- "
    ]
    told = {each: line for line in lines for each in re.findall(r"\*\*([\w-]+)\*\* \([^)]+\)", line)}

    assert len(wanted) > 40
    assert set() == wanted - {"crmcore"} - told.keys()
    assert set() == {each for each in wanted - {"crmcore"} - NO_OTHER if "Weighed: " not in told[each]}
    assert set() == told.keys() - wanted - {"axe-core", "smpp"}, "these are not installed, or come from npm"


# ------------------------------------------------------------------ links


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_leads_somewhere(page):
    """Files exist, and headings that are linked to are there."""
    for link in _LINK.findall(prose(page)):
        if re.match(r"https?:", link):
            continue
        path, _, anchor = link.partition("#")
        target = installed((page.parent / path).resolve()) if path else page

        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("page", [DOCS / "index.md", ROOT / "README.md", ROOT / "README.zh.md"], ids=name)
def test_every_page_is_on_the_map(page):
    """The map and both readmes name each page; one that is there in two languages is named by a readme in its own."""
    links = [link.partition("#")[0] for link in _LINK.findall(prose(page)) if not re.match(r"https?:", link)]
    named = {(page.parent / link).resolve() for link in links if link}
    others = {each for pair in TWINS for each in pair if zh(each) != zh(page)}

    assert set() == {
        each
        for each in PAGES
        if each.is_relative_to(DOCS) and each not in named | {DOCS / "index.md"}
        if page.parent == DOCS or each not in others
    }


def zh(page: Path) -> bool:
    return page.name.endswith(".zh.md")


#: Pages that are there in English and in Chinese.
TWINS = [
    (page.with_name(page.name.replace(".zh.", ".")), page) for page in PAGES if zh(page) and page.is_relative_to(DOCS)
]


@pytest.mark.parametrize(("english", "chinese"), TWINS, ids=lambda page: page.name)
def test_a_page_in_two_languages_says_the_same_to_the_machine(english, chinese):
    """Both have the same blocks in the same order; a file of code is the same file."""
    blocks = [_FENCE.findall(page.read_text("utf-8")) for page in (english, chinese)]
    kinds = [[language for language, _ in each] for each in blocks]
    files = [[text for _, text in each if re.match(r"# \S+\.py\n", text)] for each in blocks]

    assert kinds[0] == kinds[1]
    assert files[0] == files[1]


def test_every_target_is_explained():
    """CONTRIBUTING names each target of the Makefile, and .PHONY has them all."""
    makefile, told = ((ROOT / each).read_text("utf-8") for each in ("Makefile", "CONTRIBUTING.md"))
    targets = set(re.findall(r"^([a-z][\w-]*):", makefile, re.MULTILINE))
    phony = re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)

    assert len(targets) > 10
    assert [targets] == [set(each.split()) for each in phony]
    assert set() == targets - set(re.findall(r"\bmake ([a-z][\w-]*)", told))


# ------------------------------------------------------------------ blocks


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_a_block_says_what_it_is(page):
    """A block that names a language is of one that is run; one that names none is a drawing or somebody else's file."""
    assert set() == {language for language, _ in _FENCE.findall(page.read_text("utf-8"))} - RUN - {""}


def test_every_block_is_collected():
    """Each block of each page is run by pytest, which finds the pages by itself."""
    listed = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "--collect-only",
            "-q",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:xdist",
            *map(name, PAGES),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    blocks = {page: [language for language, _ in _FENCE.findall(page.read_text("utf-8")) if language] for page in PAGES}
    found = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["pytest"]["ini_options"]["testpaths"]

    for page, languages in blocks.items():
        here = len(languages) + len(_HIDDEN.findall(page.read_text("utf-8")))
        assert here == len(re.findall(rf"^{re.escape(name(page))}::", listed, re.MULTILINE)), name(page)
        assert any(page.is_relative_to(ROOT / each) for each in found), name(page)


# ------------------------------------------------------------------ manner


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_no_page_knows_where_it_was_written(page):
    """No folder of a developer's machine, and no mirror, is in a page."""
    assert not re.search(r"/work/|/root/|/home/|/tmp/|127\.0\.0\.1:\d+/simple|issue #?\d", page.read_text("utf-8"))


@pytest.mark.parametrize("page", WRITTEN, ids=name)
def test_prose_has_one_sentence_a_line(page):
    """A line of prose ends where its sentence ends, so that a change is one line."""
    lines = prose(page).splitlines()
    broken = [
        line
        for line, after in zip(lines, [*lines[1:], ""], strict=True)
        if re.match(r"[^\W\d_]", line)
        and re.match(r"[^\W\d_]", after)
        and not re.search(r"[.:;!?…。：；！？）)]$", line)
    ]

    assert [] == broken
