"""Find, quarantine, list: what is installed is loaded one by one, and what is broken is named and left out.

pluggy isolates nothing: one plugin that fails to import, misspells a hook or raises would take all others with it. So each
entry point is loaded, registered and checked on its own, its hook is called on its own, and whatever goes wrong becomes a
`Problem` that `crmcore plugins list` shows. Only Ctrl-C passes.
"""

from __future__ import annotations

import inspect
import re
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from importlib import metadata
from types import ModuleType
from typing import TYPE_CHECKING, Any

import attrs
import pluggy

from crmcore.hooks import findings, specs, verdicts
from crmcore.hooks.adapters import Adapter, DmsAdapter, MessagingAdapter, SurveyAdapter, capabilities

if TYPE_CHECKING:
    from crmcore.types.complaint import ComplaintDraft
    from crmcore.types.contact import Message, Refuse
    from crmcore.types.customer import Customer

GROUP = "crmcore"
KINDS: Mapping[str, type[Adapter[Any]]] = {base.kind: base for base in (DmsAdapter, MessagingAdapter, SurveyAdapter)}

#: Keys of an instance in crm.toml that are the core's; a plugin's `Config` has no field of these names.
RESERVED = frozenset({"adapter", "system", "stores", "enabled", "classes", "survey", "side", "mode", "items"})

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_LONGEST = 300  # characters of an error that are shown

Key = tuple[str, str]


class _Refused(Exception):
    """What a plugin offers does not fit the contract."""


@attrs.frozen(kw_only=True)
class Problem:
    """Why a plugin, or one adapter of it, is not used.

    Attributes:
        stage: "import", "register", "check" (a hook that does not exist), "call" (a hook that raised), "adapter" (a class that
            breaks the contract), "duplicate", "find" (a complaint finder that failed on something that came in), or "send" (a
            hook that failed when it was asked about a text).
        error: one line for the person who mends it; English, it quotes Python.
    """

    plugin: str
    distribution: str
    version: str
    stage: str
    error: str


@attrs.define(kw_only=True)
class Plugin:
    """One entry point and what became of it; `provides` has only the adapters that can be used.

    Attributes:
        handed: an application handed it over; it is not installed, has no distribution, and goes before what is.
    """

    name: str
    distribution: str
    version: str
    handed: bool = False
    provides: list[type[Adapter[Any]]] = attrs.field(factory=list)
    problems: list[Problem] = attrs.field(factory=list)
    disabled: bool = False

    def failed(self, stage: str, error: BaseException | str) -> None:
        """Note a problem; an exception is named with its type, and cut where it rambles."""
        said = error if isinstance(error, str) else f"{type(error).__name__}: {error}".rstrip(": ")
        line = " ".join(said.split())[:_LONGEST]
        self.problems.append(
            Problem(plugin=self.name, distribution=self.distribution, version=self.version, stage=stage, error=line)
        )


class Plugins:
    """The plugins of one `Crm`; two in one process never meet.

    Args:
        extra: modules or objects with `@hookimpl` functions that are not installed (tests, an application that embeds crmcore).
        adapters: adapter classes that are not installed, likewise.
        disabled: names of entry points that are not even imported.

    Attributes:
        adapters: `(kind, name)` -> class, of everything that works.
        plugins: what was found, in the order of names.
        warnings: what went wrong while hooks were called at work; nothing of it puts a plugin out of use.
    """

    def __init__(
        self, extra: Sequence[object] = (), *, adapters: Sequence[object] = (), disabled: Collection[str] = ()
    ) -> None:
        self._manager = pluggy.PluginManager(specs.PROJECT)
        self._manager.add_hookspecs(specs)
        self.plugins: list[Plugin] = []
        self.adapters: dict[Key, type[Adapter[Any]]] = {}
        self.warnings: list[Problem] = []
        self._warning = threading.Lock()
        self._clashes: dict[Key, Problem] = {}
        for thing in extra:
            self._take(self._handed(thing), lambda thing=thing: thing)
        self._find(frozenset(disabled))
        self._collect(adapters)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Everything that is not used, and why."""
        return tuple(problem for plugin in self.plugins for problem in plugin.problems)

    def warned(self, stage: str) -> tuple[Problem, ...]:
        """What went wrong at work, of one kind: "find" or "send"."""
        return tuple(problem for problem in self.warnings if problem.stage == stage)

    def clash(self, kind: str, name: str) -> Problem | None:
        """The problem when several plugins claim this adapter; then nobody has it."""
        return self._clashes.get((kind, name))

    def rows(self, used_by: Mapping[Key, Sequence[str]] | None = None) -> list[dict[str, Any]]:
        """The plugins as `crmcore plugins list --json` shows them; `used_by`: instances of each adapter."""
        return [_row(plugin, used_by or {}) for plugin in self.plugins]

    def finders(self) -> tuple[str, ...]:
        """The plugins that look for complaints, in the order in which they are asked."""
        return tuple(impl.plugin_name for impl in self._manager.hook.crmcore_find_complaint.get_hookimpls())

    def find_complaint(self, name: str, evidence: Any, categories: Collection[str]) -> ComplaintDraft | None:
        """Ask one plugin whether this is a complaint; never raises, whatever the plugin does.

        What goes wrong becomes a warning, once for each plugin and mistake; it names the exception and quotes nothing, since
        its words may hold the customer's.
        """
        try:
            answer = self._ask("crmcore_find_complaint", name, evidence=evidence)
            if answer is None:
                return None
            draft, mended = findings.checked(answer, categories)
        except KeyboardInterrupt:
            raise
        except findings.Unusable as error:
            self._warn(name, "find", str(error))
            return None
        except BaseException as error:  # noqa: BLE001 - a finder that fails or exits loses nobody's complaint
            self._warn(name, "find", type(error).__name__)
            return None
        if mended:
            self._warn(name, "find", mended)
        return draft

    def guards(self) -> tuple[str, ...]:
        """The plugins that are asked before a text leaves, in the order in which they are asked."""
        return tuple(impl.plugin_name for impl in self._manager.hook.crmcore_before_send.get_hookimpls())

    def before_send(self, name: str, message: Message, customer: Customer) -> Refuse | Problem | None:
        """Ask one plugin about a text; a `Problem` when it fails, whatever it does, and then nobody has said yes.

        The problem names the exception and quotes nothing, since its words may hold the customer's.
        """
        try:
            return verdicts.checked(self._ask("crmcore_before_send", name, message=message, customer=customer))
        except KeyboardInterrupt:
            raise
        except verdicts.Unusable as error:
            return self._warn(name, "send", str(error))
        except BaseException as error:  # noqa: BLE001 - a plugin that fails or exits lets nothing leave, and ends no run
            return self._warn(name, "send", type(error).__name__)

    def _ask(self, hook: str, name: str, **said: object) -> Any:
        """Call the hook of one plugin with those of the arguments that it names."""
        impls = getattr(self._manager.hook, hook).get_hookimpls()
        impl = next(each for each in impls if each.plugin_name == name)
        return impl.function(*(said[each] for each in impl.argnames))

    def _warn(self, name: str, stage: str, what: str) -> Problem:
        plugin = next(each for each in self.plugins if each.name == name)
        warning = Problem(
            plugin=name, distribution=plugin.distribution, version=plugin.version, stage=stage, error=what
        )
        with self._warning:
            if warning not in self.warnings:
                self.warnings.append(warning)
        return warning

    def _handed(self, thing: object) -> Plugin:
        """What an application handed over, under the name of its code; the second of a class is "…#2"."""
        name = thing.__name__ if isinstance(thing, ModuleType) else _full_name(thing)
        count = sum(each.name.partition("#")[0] == name for each in self.plugins)
        return Plugin(name=f"{name}#{count + 1}" if count else name, distribution="", version="", handed=True)

    def _find(self, disabled: frozenset[str]) -> None:
        found = [(entry.name, *_distribution(entry), entry) for entry in metadata.entry_points(group=GROUP)]
        found.sort(key=lambda each: each[:2])
        for name, distribution, version, entry in found:
            plugin = Plugin(name=name, distribution=distribution, version=version, disabled=name in disabled)
            owners = [other for claimed, other, *_ in found if claimed == name]
            if plugin.disabled:
                self.plugins.append(plugin)
            elif len(owners) > 1:
                plugin.failed("duplicate", f"the entry point {name!r} is claimed by {_and(owners)}")
                self.plugins.append(plugin)
            else:
                self._take(plugin, entry.load)

    def _take(self, plugin: Plugin, load: Any) -> None:
        """Load, register and check one plugin; undo it when any of that fails."""
        self.plugins.append(plugin)
        stage, module = "import", None
        try:
            module = load()
            stage = "register"
            self._manager.register(module, name=plugin.name)
            stage = "check"
            _refuse_hooks(self._manager, module, some=plugin.handed)
            self._manager.check_pending()
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - SystemExit at import time must not end the program either
            plugin.failed(stage, error)
            if module is not None and self._manager.get_plugin(plugin.name) is module:  # else the name is another's
                self._manager.unregister(name=plugin.name)

    def _collect(self, handed: Sequence[object]) -> None:
        """Ask each plugin for its adapters, then hand out the names that only one of them claims.

        What an application hands over goes before what is installed: it named that class, where installed ones merely meet.
        """
        claims: dict[Key, list[tuple[Plugin, type[Adapter[Any]]]]] = {}
        offers: list[tuple[Plugin, Sequence[object]]] = [(self._handed(cls), [cls]) for cls in handed]
        self.plugins += [plugin for plugin, _ in offers]
        for impl in self._manager.hook.crmcore_adapters.get_hookimpls():
            plugin = next(each for each in self.plugins if each.name == impl.plugin_name and not each.problems)
            offers.append((plugin, _called(plugin, impl.function)))
        for plugin, offered in offers:
            for key, cls in _usable(plugin, offered):
                claims.setdefault(key, []).append((plugin, cls))
        for key, claimed in sorted(claims.items(), key=lambda claim: claim[0]):
            self._award(key, [claim for claim in claimed if claim[0].handed] or claimed)

    def _award(self, key: Key, claimed: Sequence[tuple[Plugin, type[Adapter[Any]]]]) -> None:
        if len(claimed) == 1:
            self.adapters[key] = claimed[0][1]
            claimed[0][0].provides.append(claimed[0][1])
            return
        owners = _and([plugin.distribution or plugin.name for plugin, _ in claimed])
        for plugin in {id(each): each for each, _ in claimed}.values():
            plugin.failed("duplicate", f"the adapter {':'.join(key)} is claimed by {owners}; none of them is used")
            self._clashes[key] = plugin.problems[-1]


def _called(plugin: Plugin, hook: Any) -> Sequence[object]:
    """What a plugin offers; a hook that raises is a problem of its plugin."""
    try:
        return list(hook())
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - a hook that raises or exits concerns its own plugin only
        plugin.failed("call", error)
        return ()


def _usable(plugin: Plugin, offered: Iterable[object]) -> Iterator[tuple[Key, type[Adapter[Any]]]]:
    """The adapters of one plugin that keep the contract; the others become problems."""
    for cls in offered:
        try:
            yield _checked(cls)
        except _Refused as error:
            plugin.failed("adapter", str(error))


def _checked(cls: Any) -> tuple[Key, type[Adapter[Any]]]:
    """An adapter class that keeps the contract, with its `(kind, name)`."""
    if not (isinstance(cls, type) and issubclass(cls, Adapter)):
        raise _Refused(f"{cls!r} is not an adapter class")
    kind, name = getattr(cls, "kind", None), getattr(cls, "name", None)
    if not isinstance(kind, str) or kind not in KINDS or not issubclass(cls, KINDS[kind]):
        raise _Refused(f"{cls.__name__} extends none of {_and(base.__name__ for base in KINDS.values())}")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise _Refused(f"{cls.__name__}.name must be lower case letters, digits and _: {name!r}")
    config = getattr(cls, "Config", None)
    if not (isinstance(config, type) and attrs.has(config)):
        raise _Refused(f"{cls.__name__}.Config is not an attrs class")
    taken = sorted(RESERVED & {field.name for field in attrs.fields(config)})
    if taken:
        raise _Refused(f"{cls.__name__}.Config uses names of the core: {', '.join(taken)}")
    if issubclass(cls, MessagingAdapter) and not isinstance(getattr(cls, "channels", None), frozenset):
        raise _Refused(f"{cls.__name__}.channels is not a frozenset of Channel")
    if inspect.isabstract(cls):
        raise _Refused(f"{cls.__name__} does not implement {_and(sorted(cls.__abstractmethods__))}")
    return (kind, name), cls


def _refuse_hooks(manager: pluggy.PluginManager, module: object, *, some: bool) -> None:
    """A wrapper would run around the hooks of other plugins, and its failure would be theirs; `some`: it must have a hook."""
    callers = manager.get_hookcallers(module) or ()
    if some and isinstance(module, type):
        raise _Refused("it is a class; hand over an object of it")
    if some and not callers:
        raise _Refused("it has no @hookimpl")
    for caller in callers:
        for impl in caller.get_hookimpls():
            if impl.plugin is module and (impl.wrapper or impl.hookwrapper):
                raise _Refused(f"{caller.name} is a wrapper; hooks of crmcore only register")


def _distribution(entry: metadata.EntryPoint) -> tuple[str, str]:
    """Name and version of what was installed; a broken .dist-info must not stop the others."""
    try:
        if entry.dist is None:
            return "?", "?"
        said = entry.dist.metadata  # once: each look at it parses the file
        return said["Name"] or "?", said["Version"] or "?"
    except Exception:  # noqa: BLE001 - metadata of somebody else's package, in any state
        return "?", "?"


def _row(plugin: Plugin, used_by: Mapping[Key, Sequence[str]]) -> dict[str, Any]:
    row: dict[str, Any] = {
        "plugin": plugin.name,
        "distribution": plugin.distribution,
        "version": plugin.version,
        "provides": [f"{cls.kind}:{cls.name}" for cls in plugin.provides],
        "capabilities": sorted({name for cls in plugin.provides for name in capabilities(cls)}),
        "used_by": [name for cls in plugin.provides for name in used_by.get((cls.kind, cls.name), ())],
        "status": "disabled" if plugin.disabled else "failed" if plugin.problems else "ok",
    }
    if plugin.problems:
        row |= {"stage": plugin.problems[0].stage, "error": "; ".join(problem.error for problem in plugin.problems)}
    return row


def _full_name(thing: object) -> str:
    cls = thing if isinstance(thing, type) else type(thing)
    return f"{cls.__module__}.{cls.__qualname__}"


def _and(names: Iterable[str]) -> str:
    return " and ".join(names)
