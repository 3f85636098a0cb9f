"""What a broken plugin can do to the others: nothing. Against distributions that are really installed."""

from __future__ import annotations

import sys
import textwrap
import types
import warnings
from pathlib import Path

import pytest

from crmcore.hooks import manager, specs
from crmcore.hooks.manager import Plugins

GOOD = """
    import attrs
    from crmcore.hooks import DmsAdapter, hookimpl

    @attrs.frozen
    class Config:
        path: str = "x"

    class Good(DmsAdapter):
        name = "{name}"
        Config = Config

        def pull(self, cursor):
            yield from ()

    @hookimpl
    def crmcore_adapters():
        return [Good]
"""


class Site:
    """A folder on sys.path into which distributions are installed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def install(self, plugin: str, code: str, *, distribution: str = "", version: str = "1.2") -> None:
        distribution = distribution or f"crmcore-{plugin}"
        module = f"{distribution.replace('-', '_')}_{plugin}"
        (self.folder / f"{module}.py").write_text(textwrap.dedent(code), "utf-8")
        info = self.folder / f"{distribution.replace('-', '_')}-{version}.dist-info"
        info.mkdir(exist_ok=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
        entries = info / "entry_points.txt"
        before = entries.read_text() if entries.exists() else "[crmcore]\n"
        entries.write_text(f"{before}{plugin} = {module}\n")


@pytest.fixture(name="site")
def _site(tmp_path, monkeypatch):
    """Only what a test installs is installed."""
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    found = manager.metadata.entry_points
    theirs = {entry.name for entry in found(group=manager.GROUP)}
    monkeypatch.setattr(
        manager.metadata,
        "entry_points",
        lambda group: [entry for entry in found(group=group) if entry.name not in theirs],
    )
    known = set(sys.modules)
    yield Site(tmp_path)
    for name in set(sys.modules) - known:
        del sys.modules[name]


def rows(plugins: Plugins) -> dict[str, str]:
    return {row["plugin"]: f"{row['status']} {row.get('stage', '')}".strip() for row in plugins.rows()}


def test_hook_crmcore_adapters_is_asked_of_what_is_installed(site):
    """An installed plugin is listed with its distribution, version, what it provides and who uses it."""
    site.install("good", GOOD.format(name="good"))
    plugins = Plugins()

    assert [
        {
            "plugin": "good",
            "distribution": "crmcore-good",
            "version": "1.2",
            "provides": ["dms:good"],
            "capabilities": [],
            "used_by": ["dms.main"],
            "status": "ok",
        }
    ] == plugins.rows({("dms", "good"): ["dms.main"]})
    assert [("dms", "good")] == list(plugins.adapters)


BROKEN = {
    "import": "import no_such_library",
    "syntax": "def (",
    "exit": "raise SystemExit(3)",
    "misspelt": """
        from crmcore.hooks import hookimpl
        @hookimpl
        def crmcore_adaptors():
            return []
    """,
    "argument": """
        from crmcore.hooks import hookimpl
        @hookimpl
        def crmcore_adapters(config):
            return []
    """,
    "raising": """
        from crmcore.hooks import hookimpl
        @hookimpl
        def crmcore_adapters():
            raise RuntimeError("no licence")
    """,
    "leaving": """
        from crmcore.hooks import hookimpl
        @hookimpl
        def crmcore_adapters():
            raise SystemExit
    """,
    "nothing": """
        from crmcore.hooks import hookimpl
        @hookimpl
        def crmcore_adapters():
            return None
    """,
    "wrapper": """
        from crmcore.hooks import hookimpl
        import pluggy
        @pluggy.HookimplMarker("crmcore")(wrapper=True)
        def crmcore_adapters():
            return (yield)
    """,
    "abstract": """
        import attrs
        from crmcore.hooks import MessagingAdapter, ParsesReplies, hookimpl
        @attrs.frozen
        class Config:
            pass
        class Half(MessagingAdapter, ParsesReplies):
            name = "half"
            channels = frozenset()
            Config = Config
        @hookimpl
        def crmcore_adapters():
            return [Half]
    """,
}
STAGES = {
    "import": "failed import",
    "syntax": "failed import",
    "exit": "failed import",
    "misspelt": "failed check",
    "argument": "failed register",
    "raising": "failed call",
    "leaving": "failed call",
    "nothing": "failed call",
    "wrapper": "failed check",
    "abstract": "failed adapter",
}


@pytest.mark.parametrize("fault", list(BROKEN))
def test_a_broken_plugin_stands_alone(site, fault):
    """A plugin that fails in any way is listed with the stage, and its neighbours on both sides work."""
    site.install("aaa", GOOD.format(name="first"))
    site.install(fault, BROKEN[fault])
    site.install("zzz", GOOD.format(name="last"))
    plugins = Plugins()

    assert {"aaa": "ok", fault: STAGES[fault], "zzz": "ok"} == rows(plugins)
    assert {("dms", "first"), ("dms", "last")} == set(plugins.adapters)
    assert [f"crmcore-{fault}"] == [problem.distribution for problem in plugins.problems]


def test_the_problem_quotes_the_cause(site):
    """The missing library, the misspelt hook and the methods left to write are named."""
    for fault in ("import", "misspelt", "abstract", "raising"):
        site.install(fault, BROKEN[fault])
    said = {problem.plugin: problem.error for problem in Plugins().problems}

    assert "no_such_library" in said["import"]
    assert "crmcore_adaptors" in said["misspelt"]
    assert "Half does not implement parse_replies and send" == said["abstract"]
    assert "RuntimeError: no licence" == said["raising"]


def test_one_adapter_name_has_one_owner(site):
    """Two plugins that claim one adapter name are both named, and neither is used; the rest of theirs is."""
    site.install("one", GOOD.format(name="csv"), distribution="dealer-one")
    site.install("two", GOOD.format(name="csv"), distribution="dealer-two")
    plugins = Plugins()
    clash = plugins.clash("dms", "csv")

    assert {} == plugins.adapters
    assert {"one": "failed duplicate", "two": "failed duplicate"} == rows(plugins)
    assert clash is not None
    assert "the adapter dms:csv is claimed by dealer-one and dealer-two; none of them is used" == clash.error


def test_one_entry_point_has_one_owner(site):
    """Two distributions with an entry point of the same name are both named, and neither is imported."""
    site.install("same", GOOD.format(name="a"), distribution="dealer-one")
    site.install("same", "raise SystemExit", distribution="dealer-two")
    plugins = Plugins()

    assert {} == plugins.adapters
    assert ["duplicate", "duplicate"] == [problem.stage for problem in plugins.problems]
    assert all("dealer-one and dealer-two" in problem.error for problem in plugins.problems)


def test_a_disabled_plugin_is_not_imported(site):
    """A plugin that is disabled is listed and not even imported."""
    site.install("off", "raise SystemExit")
    plugins = Plugins(disabled=["off"])

    assert {"off": "disabled"} == rows(plugins)
    assert () == plugins.problems


def test_ctrl_c_passes(site):
    """Ctrl-C during an import ends the program; it is no fault of the plugin."""
    site.install("slow", "raise KeyboardInterrupt")

    with pytest.raises(KeyboardInterrupt):
        Plugins()


def test_two_sets_of_plugins_never_meet(site):
    """A module handed to one `Plugins` is not known to another."""
    module = types.ModuleType("mine")
    exec(textwrap.dedent(GOOD.format(name="mine")), module.__dict__)

    assert {("dms", "mine")} == set(Plugins([module]).adapters)
    assert {} == Plugins().adapters


def test_what_an_application_hands_over_keeps_its_name(site):
    """An installed plugin that is called as a module that was handed over is named as a problem; the module goes on."""
    module = types.ModuleType("good")
    exec(textwrap.dedent(GOOD.format(name="mine")), module.__dict__)
    site.install("good", GOOD.format(name="installed"))
    plugins = Plugins([module])
    found = [(plugin.distribution, [problem.stage for problem in plugin.problems]) for plugin in plugins.plugins]

    assert [("dms", "mine")] == list(plugins.adapters)
    assert [("", []), ("crmcore-good", ["register"])] == found


def test_a_hook_that_is_to_go_warns_and_goes_on(site, monkeypatch):
    """Whoever asks for an argument that is to go is warned by name when the plugin is loaded, and still asked; others hear nothing."""
    later = types.SimpleNamespace(**vars(specs))
    goes = DeprecationWarning("crmcore_find_complaint: ask for `heard` instead of `evidence`; gone in 0.3")

    @specs.hookspec(warn_on_impl_args={"evidence": goes})
    def crmcore_find_complaint(heard, evidence): ...

    later.crmcore_find_complaint = crmcore_find_complaint
    monkeypatch.setattr(manager, "specs", later)
    asks, asks_not = types.ModuleType("asks"), types.ModuleType("asks_not")
    asks.crmcore_find_complaint = specs.hookimpl(lambda evidence: None)
    asks_not.crmcore_find_complaint = specs.hookimpl(lambda: None)
    with pytest.warns(DeprecationWarning, match="ask for `heard` instead"):
        warned = Plugins([asks])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        quiet = Plugins([asks_not])

    assert {"asks": "ok"} == rows(warned)
    assert ("asks_not",) == quiet.finders()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("Good.name = 'Not Good'", "name must be"),
        ("Good.Config = dict", "Config is not an attrs class"),
        ("Good.kind = 'survey'", "extends none of"),
        ("Good.kind = 'messaging'", "extends none of"),
        ("Good = 5", "is not an adapter class"),
    ],
)
def test_a_class_that_breaks_the_contract_is_refused(site, change, said):
    """An adapter without a proper kind, name or Config is refused before anybody could use it."""
    code = GOOD.format(name="good").replace("    @hookimpl", f"    {change}\n\n    @hookimpl")
    site.install("odd", code)
    plugins = Plugins()

    assert {} == plugins.adapters
    assert said in plugins.problems[0].error
