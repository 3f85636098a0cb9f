"""The checks of every adapter: where it is registered, what it shows, what it opens, and what it makes of each fault."""

from __future__ import annotations

import base64
import threading
import traceback
from collections.abc import Iterator, Mapping
from datetime import timedelta
from importlib import metadata
from typing import Any, Literal
from urllib.parse import quote, quote_plus

import attrs
import pytest

from crmcore import lang
from crmcore.errors import CrmError, NotSent
from crmcore.hooks.adapters import Secret
from crmcore.hooks.manager import GROUP, Plugins
from crmcore.testing import guard
from crmcore.testing.contract import HTTP, Contract, Operation, Rig, check
from crmcore.testing.faults import ELSEWHERE, FAULTS, RETRY_AFTER, Fault, Proof, broken
from crmcore.types.contact import Accepted, Deferred, Rejected, Scope, Unknown

#: Positions of one operation that a fault is put at: the first requests and the last.
_POSITIONS = 3
_KEYS = ("password", "secret", "token", "apikey", "api_key", "passwd", "pwd")


class AdapterContract(Contract):
    """What holds for an adapter of any kind."""

    # ------------------------------------------------------------------ how it is installed and made

    @check()
    def test_it_is_found_through_its_entry_point(self) -> None:
        """The adapter is what the installed plugin offers under its kind and name, and nothing about the plugin is wrong.

        Why: a dealer installs with pip and names the adapter in crm.toml; what no entry point offers does not exist for him.
        If this fails: add `[project.entry-points.crmcore]` to pyproject.toml, return the class from `crmcore_adapters`, install
        the plugin (`pip install .`), and look at `crmcore plugins list`.
        """
        cls = self.adapter_class
        plugins = Plugins()
        wrong = [f"{problem.plugin}: {problem.stage}: {problem.error}" for problem in plugins.problems]
        names = sorted(entry.name for entry in metadata.entry_points(group=GROUP))

        assert plugins.adapters.get((cls.kind, cls.name)) is cls, f"entry points: {names}; problems: {wrong}"

    @check()
    def test_making_it_does_nothing(self, rig: Rig) -> None:
        """Constructing the adapter opens no connection and no file, starts nothing, and asks the vendor nothing.

        Why: `crmcore --help`, `doctor` and a web server with forty accounts construct adapters that they may never use.
        If this fails: move the first call into the method that needs its answer; read files of your own package only.
        """
        with guard.watching(self.adapter_class) as done:
            rig.fresh()

        assert not done, "\n".join(done)
        assert [] == rig.wire.travelled

    @check()
    def test_every_setting_is_explained(self) -> None:
        """Each field of `Config` says in Chinese and in English what it is for.

        Why: `crmcore plugins show` and the reference are made from it; a dealer's IT person reads nothing else.
        If this fails: give the field `metadata={"help": {"zh": "…", "en": "…"}}`.
        """
        missing = [
            f"{name} ({lang})"
            for name, field in _fields(self.adapter_class.Config)
            for lang in ("zh", "en")
            if not str(field.metadata.get("help", {}).get(lang, "")).strip()
        ]

        assert not missing, "\n".join(missing)

    @check()
    def test_what_is_secret_is_a_secret(self) -> None:
        """Fields that hold a password, a token or a secret have the type `Secret`.

        Why: only then are they masked wherever a config is printed, and may stand in the environment.
        If this fails: `token: Secret`, and `self.config.token.reveal()` at the one place that sends it.
        """
        plain = [
            name
            for name, field in _fields(self.adapter_class.Config)
            if any(word in name.rsplit(".", 1)[-1].lower() for word in _KEYS) and field.type in {str, str | None}
        ]

        assert not plain, "\n".join(plain)

    # ------------------------------------------------------------------ what it shows

    @check()
    def test_no_secret_is_shown(self, rig: Rig) -> None:
        """A secret of the configuration stands in no repr, no log, no exception and no traceback, whatever goes wrong.

        Why: logs are mailed to vendors and pasted into tickets.
        If this fails: build nothing that holds the value before the call that sends it, and raise `from None` where a library's
        error repeats it.
        """
        secrets = [value.reveal() for _, value in _secrets(rig.settings())]
        shown = _everything_shown(self, rig)
        found = standing(secrets, shown)

        assert not found, "\n".join(found)

    @check()
    def test_no_customer_is_shown(self, rig: Rig) -> None:
        """Numbers, names and words of customers stand in no repr, log, exception or traceback, whatever goes wrong.

        Why: promise 6, personal data stays in.
        If this fails: say keys, counts, codes and places; mark attrs fields `repr=False`; do not log bodies.
        """
        shown = _everything_shown(self, rig)
        found = standing(self.personal(rig.world), shown)

        assert not found, "\n".join(found)

    @check()
    def test_its_errors_have_words(self, rig: Rig) -> None:
        """Every error it raises has a sentence and a fix in Chinese and in English.

        Why: the dealer's IT person often has no English, and no Python.
        If this fails: put the code into `lang/<plugin>.zh.toml` and `.en.toml`, and raise it with `catalog="<your package>"`.
        """
        raised: list[CrmError] = []
        for _, outcome in _under_faults(self, rig):
            if isinstance(outcome, CrmError):
                raised.append(outcome)
        bare = {
            (error.code, tongue)
            for error in raised
            for tongue in ("zh", "en")
            if not all(lang.error(error.code, tongue, error.catalog, error.params))
        }

        assert set() == bare

    # ------------------------------------------------------------------ what it does to the other side and to its host

    @check()
    def test_checking_writes_nothing(self, rig: Rig) -> None:
        """`check()` succeeds when all is well, and leaves the vendor's system and the folder as they were.

        Why: `crmcore doctor` is called by whoever is curious, also at noon.
        If this fails: ask for something that is read only, or that the vendor refuses for want of a recipient.
        """
        before = guard.listing(rig.world.folder), rig.world.writes
        rig.adapter.check()

        assert before == (guard.listing(rig.world.folder), rig.world.writes)

    @check()
    def test_it_works_in_any_thread(self, rig: Rig) -> None:
        """An adapter made in one thread works in another, and two of them side by side do not disturb each other.

        Why: a web application makes it where it starts and uses it where a request is served.
        If this fails: keep nothing in module globals or thread locals; open what is bound to a thread (SQLite) where it is used.
        """
        adapters = [rig.adapter, rig.fresh()]
        operations = self.operations(rig.world)
        failed: list[str] = []

        def work(adapter: Any) -> None:
            for name, operation in operations.items():
                try:
                    operation.run(adapter)
                except Exception as error:  # noqa: BLE001 - whatever a thread raises is the finding
                    failed.append(f"{name}: {type(error).__name__}: {error}")

        threads = [threading.Thread(target=work, args=(adapter,)) for adapter in adapters]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)

        assert not failed, "\n".join(failed)

    @check()
    def test_it_closes_what_it_opens(self, rig: Rig) -> None:
        """After `close()` no file, socket or thread of the adapter is left; closing twice, or unused, or after an error is fine.

        Why: a server that runs for months has one adapter after another.
        If this fails: use `with` where you open, and give back in `close()` what lives longer.
        """
        rig.fresh().close()
        before = guard.opened()
        adapter = rig.fresh()
        for operation in self.operations(rig.world).values():
            operation.run(adapter)
        adapter.close()
        adapter.close()
        broken_ = rig.fresh()
        if self.over_http:
            with broken(rig, FAULTS[0], after=0):
                for operation in self.operations(rig.world).values():
                    _outcome(operation, broken_)
                broken_.close()
        rig.http.close()

        assert set() == guard.opened() - before

    @check()
    def test_it_is_over_http_or_not_as_it_says(self, rig: Rig) -> None:
        """With `over_http` the adapter's operations travel through `context.http`, without it nothing does.

        Why: the fault matrix is only as good as the wire it cuts: an adapter with a client of its own would pass it untouched.
        If this fails: use `context.http.read` and `.send`; or set `over_http = False` for an adapter that reads files.
        """
        silent = []
        for name, operation in self.operations(rig.world).items():
            before = len(rig.wire.travelled)
            operation.run(rig.adapter)
            if (len(rig.wire.travelled) > before) is not self.over_http:
                silent.append(name)

        assert not silent, "\n".join(silent)

    # ------------------------------------------------------------------ the fault matrix

    @pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
    @check(needs=HTTP)
    def test_a_read_raises_what_went_wrong(self, rig: Rig, fault: Fault) -> None:
        """A read that meets a fault raises the error that says what the core does next, and never returns as if all were well.

        Why: a pull that ends quietly on an error page would count as "nothing new", and the customers in it would be nobody's.
        If this fails: use `context.http.read`, which raises for every status; `.json()` raises for what is no JSON; check that
        the answer has the shape you expect and raise `PermanentError` where it has not.
        """
        wrong = [
            f"{name}: {_said(outcome)}"
            for name, outcome, _ in _meeting(self, rig, fault, "read")
            if not _fits_read(fault, outcome)
        ]

        assert not wrong, "\n".join(wrong)

    @pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
    @check(needs=HTTP, kind="messaging")
    def test_a_send_claims_no_more_than_is_proven(self, rig: Rig, fault: Fault) -> None:
        """A send that meets a fault is `Unknown`, unless the fault proves that nothing left: then `NotSent` passes, or `Deferred` is said.

        Why: what is deferred is sent again. A text that may have arrived and is sent again is the fault customers remember.
        If this fails: let `NotSent` pass, turn `TransientError` into `Unknown`, and call accepted only what the vendor's own words
        call accepted, whatever the status is.
        """
        wrong = [
            f"{name}: {_said(outcome)}"
            for name, outcome, last in _meeting(self, rig, fault, "send")
            for each in _each(outcome)
            if not _fits_send(fault, each, rig, last=last)
        ]

        assert not wrong, "\n".join(wrong)

    @check(needs=HTTP)
    def test_no_redirect_is_followed(self, rig: Rig) -> None:
        """An answer that points elsewhere takes nothing elsewhere, least of all our credentials.

        Why: an address that moved belongs into crm.toml, where somebody has looked at it.
        If this fails: use `context.http`, which follows nothing.
        """
        moved = next(fault for fault in FAULTS if fault.name == "redirect-elsewhere")
        for _ in _meeting(self, rig, moved, "read", "send"):
            pass

        assert [] == [seen.url for seen in rig.wire.travelled if ELSEWHERE in seen.url]

    def personal(self, world: Any) -> list[str]:  # noqa: ARG002 - each kind plants its own
        """What stands for personal data in this world."""
        return []


# ------------------------------------------------------------------ under faults


def _meeting(
    contract: AdapterContract, rig: Rig, fault: Fault, *kinds: Literal["read", "send"]
) -> Iterator[tuple[str, object, bool]]:
    """(name, outcome, was it the last request that met the fault?) for each operation of these kinds and each position."""
    for name, operation in contract.operations(rig.world).items():
        if operation.kind not in kinds:
            continue
        before = len(rig.wire.travelled)
        operation.run(rig.fresh())
        count = len(rig.wire.travelled) - before
        for position in sorted({*range(min(count, _POSITIONS)), count - 1} - {-1}):
            adapter = rig.fresh()
            with broken(rig, fault, after=position):
                met = len(rig.wire.travelled) + position
                outcome = _outcome(operation, adapter)
                spared = rig.wire.spared
            if len(rig.wire.travelled) > met and not spared:
                yield f"{name}, request {position + 1} of {count}", outcome, position == count - 1


def _outcome(operation: Operation, adapter: Any) -> object:
    """What came of it, an exception included."""
    try:
        return operation.run(adapter)
    except Exception as error:  # noqa: BLE001 - what is raised is what is looked at
        return error


def _each(outcome: object) -> list[object]:
    """One outcome, or one for each recipient."""
    return list(outcome.values()) if isinstance(outcome, Mapping) else [outcome]


def _fits_read(fault: Fault, outcome: object) -> bool:
    if not isinstance(outcome, Exception):
        return not fault.must_raise
    return isinstance(outcome, fault.reads)


def _fits_send(fault: Fault, outcome: object, rig: Rig, *, last: bool) -> bool:  # noqa: PLR0911 - a table
    """Does the outcome claim no more than the fault proves? Before the last request nothing was handed over yet."""
    match fault.proves, outcome:
        case Proof.UNSENT, NotSent() as error:
            return fault.name != "throttled-retry-after" or error.retry_after == RETRY_AFTER
        case Proof.UNSENT, Deferred() as deferred:
            earliest = rig.clock.now() + timedelta(seconds=RETRY_AFTER)
            return fault.name != "throttled-retry-after" or deferred.not_before == earliest
        case _, Unknown():
            return fault.proves is not Proof.UNSENT or not last
        case Proof.REFUSED, Rejected(scope=Scope.ACCOUNT):
            return True
        case Proof.ANYTHING, Accepted():
            return True
        case _, Deferred() | Rejected(scope=Scope.ACCOUNT):
            return not last
        case _:
            return False


def _said(outcome: object) -> str:
    """An outcome without what it may quote."""
    return (
        f"raised {type(outcome).__name__}" if isinstance(outcome, Exception) else f"returned {type(outcome).__name__}"
    )


def _under_faults(contract: AdapterContract, rig: Rig) -> Iterator[tuple[str, object]]:
    """Every operation when all is well, and under every fault that can be had without waiting."""
    for name, operation in contract.operations(rig.world).items():
        yield name, _outcome(operation, rig.fresh())
    for fault in FAULTS if contract.over_http else ():
        if not fault.slow:
            for name, outcome, _ in _meeting(contract, rig, fault, "read", "send"):
                yield f"{fault.name}: {name}", outcome


# ------------------------------------------------------------------ what is shown


def _everything_shown(contract: AdapterContract, rig: Rig) -> dict[str, str]:
    """All that a person or a file could see of this adapter at work, by where."""
    shown = {
        "repr of the adapter": repr(rig.adapter),
        "repr of the config": repr(rig.settings()),
        "str of the config": str(rig.settings()),
    }
    for place, outcome in _under_faults(contract, rig):
        if isinstance(outcome, Exception):
            shown[f"traceback of {place}"] = "".join(traceback.format_exception(outcome))
        else:
            shown[f"result of {place}"] = repr(outcome)
    return shown | {f"log line {number}: {line[:20]}…": line for number, line in enumerate(rig.log)}


def standing(values: list[str], shown: Mapping[str, str]) -> list[str]:
    """Where one of the values stands, plain or as a URL, a header or a repr would write it."""
    found = []
    for number, value in enumerate(values):
        written = {
            value,
            quote(value),
            quote_plus(value),
            base64.b64encode(value.encode()).decode().rstrip("="),
            repr(value)[1:-1],
        }
        found += [
            f"value {number} in {place}" for place, text in shown.items() if any(form in text for form in written)
        ]
    return found


def _fields(config: type, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every field of a Config, those of the tables in it as well."""
    attrs.resolve_types(config)
    for field in attrs.fields(config):
        yield f"{prefix}{field.name}", field
        for part in (field.type, *getattr(field.type, "__args__", ())):
            if isinstance(part, type) and attrs.has(part):
                yield from _fields(part, f"{prefix}{field.name}.")


def _secrets(config: Any, prefix: str = "") -> Iterator[tuple[str, Secret]]:
    for field in attrs.fields(type(config)):
        value = getattr(config, field.name)
        if isinstance(value, Secret) and value.reveal():
            yield f"{prefix}{field.name}", value
        elif attrs.has(type(value)):
            yield from _secrets(value, f"{prefix}{field.name}.")
