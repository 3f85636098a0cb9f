"""The checks of every adapter: where it is registered, what it shows, what it opens, and what it makes of each fault."""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterator
from importlib import metadata
from typing import Any

import attrs
import pytest

from crmcore import lang
from crmcore.hooks.manager import GROUP, Plugins
from crmcore.testing import guard
from crmcore.testing.contract import HTTP, Contract, check
from crmcore.testing.faults import BY_NAME, ELSEWHERE, FAULTS, Fault, broken
from crmcore.testing.outcomes import fits_read, fits_send, meeting, outcome_of, told, wanted_of_read, wanted_of_send
from crmcore.testing.rig import Rig
from crmcore.testing.shown import secrets_of, seen, standing

#: How the name of a field ends that holds a secret; `token_url` and `secret_id` hold none.
_SECRETS = (
    "password",
    "passwd",
    "pwd",
    "secret",
    "token",
    "apikey",
    "api_key",
    "secret_key",
    "private_key",
    "credential",
)
_PATIENCE = 60.0  # seconds for all that is asked of an adapter, in a thread


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
        plugins = _installed()
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
            if name.lower().endswith(_SECRETS) and field.type in {str, str | None}
        ]

        assert not plain, "\n".join(plain)

    # ------------------------------------------------------------------ what it shows

    @check()
    def test_no_secret_is_shown(self, rig: Rig) -> None:
        """A secret of the configuration stands in no repr, no log, no output, no exception and no traceback, whatever goes wrong.

        Why: logs are mailed to vendors and pasted into tickets.
        If this fails: build nothing that holds the value before the call that sends it, log no headers, and raise `from None` where
        a library's error repeats it. It is looked for as it is, quoted for a URL, in base64 (`Authorization: Basic`), and in JSON.
        """
        secrets = {name: value.reveal() for name, value in secrets_of(rig.settings())}
        found = standing(secrets, seen(self, rig).shown)

        assert not found, "\n".join(found)

    @check()
    def test_no_customer_is_shown(self, rig: Rig) -> None:
        """Numbers, names and words of customers stand in no repr, log, output, exception or traceback, whatever goes wrong.

        Why: promise 6, personal data stays in.
        If this fails: say keys, counts, codes and places; mark attrs fields `repr=False`; do not log bodies.
        """
        found = standing(self.personal(rig.world), seen(self, rig).shown)

        assert not found, "\n".join(found)

    @check()
    def test_its_errors_have_words(self, rig: Rig) -> None:
        """Every error it raises has a sentence and a fix in Chinese and in English.

        Why: the dealer's IT person often has no English, and no Python.
        If this fails: put the code into `lang/<plugin>.zh.toml` and `.en.toml`, and raise it with `catalog="<your package>"`.
        """
        bare = {
            (error.code, tongue)
            for error in seen(self, rig).raised
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
        operations = self.operations(rig.world)
        usual = {name: told(outcome_of(operation, rig.fresh())) for name, operation in operations.items()}
        failed: list[str] = []

        def work(adapter: Any) -> None:
            for name, operation in operations.items():
                outcome = outcome_of(operation, adapter)
                if told(outcome) != usual[name]:
                    failed.append(f"{name}: {usual[name]} where it was made, {told(outcome)} in a thread: {outcome}")

        threads = [threading.Thread(target=work, args=(rig.fresh(),), daemon=True) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(_PATIENCE)
        failed += [f"still at work after {_PATIENCE} seconds" for thread in threads if thread.is_alive()]

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
        if self.over_http:
            failing = rig.fresh()
            with broken(rig, BY_NAME["refused"], after=0):
                for operation in self.operations(rig.world).values():
                    outcome_of(operation, failing)
                failing.close()
        rig.http.close()

        assert set() == guard.opened() - before

    @check()
    def test_it_is_over_http_or_not_as_it_says(self, rig: Rig) -> None:
        """With `over_http` all that the adapter asks travels through `context.http`, without it nothing does.

        Why: the fault matrix is only as good as the wire it cuts: what goes past it, a login of a library's for example, is never
        tried out, waits for ever, and follows whatever it is told.
        If this fails: use `context.http.read` and `.send` for everything; or set `over_http = False` for an adapter that reads files.
        """
        wrong = []
        for name, operation in self.operations(rig.world).items():
            before, answered = len(rig.wire.travelled), rig.answered()
            with guard.watching(self.adapter_class) as done:
                operation.run(rig.adapter)
            through = len(rig.wire.travelled) - before
            if bool(through) is not self.over_http:
                wrong.append(f"{name}: {through} requests through context.http")
            if rig.answered() - answered > through:
                wrong.append(f"{name}: {rig.answered() - answered - through} requests past context.http")
            if self.over_http:
                wrong += [f"{name}: {event} past context.http" for event in done if event.startswith("socket.")]

        assert not wrong, "\n".join(wrong)

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
            f"{met.where}: {told(met.outcome)} instead of {wanted_of_read(fault)}"
            for met in meeting(self, rig, fault, "read")
            if not fits_read(fault, met)
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
            f"{met.where}: {told(met.outcome)} instead of {wanted_of_send(fault, met.stage)}"
            for met in meeting(self, rig, fault, "send")
            if not fits_send(fault, met, rig)
        ]

        assert not wrong, "\n".join(wrong)

    @check(needs=HTTP)
    def test_no_redirect_is_followed(self, rig: Rig) -> None:
        """An answer that points elsewhere takes nothing elsewhere, least of all our credentials.

        Why: an address that moved belongs into crm.toml, where somebody has looked at it.
        If this fails: use `context.http`, which follows nothing.
        """
        for _ in meeting(self, rig, BY_NAME["redirect-elsewhere"], "read", "send"):
            pass

        assert [] == [seen.url for seen in rig.wire.travelled if ELSEWHERE in seen.url]

    def personal(self, world: Any) -> list[str]:  # noqa: ARG002 - each kind plants its own
        """What stands for personal data in this world."""
        return []


@functools.cache
def _installed() -> Plugins:
    """What is installed does not change while it is tested, and looking for it takes a while."""
    return Plugins()


def _fields(config: type, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every field of a Config, those of the tables in it as well."""
    attrs.resolve_types(config)
    for field in attrs.fields(config):
        yield f"{prefix}{field.name}", field
        for part in (field.type, *getattr(field.type, "__args__", ())):
            if isinstance(part, type) and attrs.has(part):
                yield from _fields(part, f"{prefix}{field.name}.")
