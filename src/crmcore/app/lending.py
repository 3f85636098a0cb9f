"""Adapters are lent: one thread at a time has one, and a second thread gets another.

Building one costs no I/O, so there are as many of an instance as were ever needed at once: a push does not wait for a long send.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import attrs

from crmcore.config import Config, Instance, build, each_enabled
from crmcore.errors import CrmError
from crmcore.hooks.adapters import Adapter, Clock

if TYPE_CHECKING:
    from crmcore.http import HttpClient

A = TypeVar("A", bound=Adapter[Any])


@attrs.frozen
class Working(Generic[A]):
    """Adapters by the name of their instance, and why others cannot be used."""

    good: dict[str, A] = attrs.field(factory=dict)
    bad: dict[str, CrmError] = attrs.field(factory=dict)


class Lending:
    """The adapters of one `Crm`, and the way out over HTTP that they share; `http` is the application's where it hands one over."""

    def __init__(self, config: Config, clock: Clock, http: HttpClient | None = None) -> None:
        self._config, self._clock, self._http = config, clock, http
        self._mine = http is None
        self._lock = threading.Lock()
        self._idle: dict[str, list[Adapter[Any]]] = {}
        self._closed = False

    @contextlib.contextmanager
    def one(self, instance: Instance) -> Iterator[Adapter[Any]]:
        """An adapter of this instance that nobody else has meanwhile; raises why there can be none."""
        adapter = self._idle_one(instance) or self._new(instance)
        try:
            yield adapter
        finally:
            self._take_back(instance, adapter)

    @contextlib.contextmanager
    def each(self, instances: Mapping[str, Instance]) -> Iterator[Working[Any]]:
        """One of each that is enabled; one that cannot be built must not stop the rest."""
        found: Working[Any] = Working()
        with contextlib.ExitStack() as lent:
            for instance in each_enabled(instances):
                try:
                    found.good[instance.name] = lent.enter_context(self.one(instance))
                except CrmError as error:
                    found.bad[instance.name] = error
            yield found

    def close(self) -> None:
        """Close those that are here; one that is lent is closed when it comes back."""
        with self._lock:
            self._closed = True
            idle = [adapter for adapters in self._idle.values() for adapter in adapters]
            self._idle.clear()
        for adapter in idle:
            _close(adapter)
        if self._http is not None and self._mine:
            self._http.close()

    def _idle_one(self, instance: Instance) -> Adapter[Any] | None:
        with self._lock:
            idle = self._idle.get(instance.full_name)
            return idle.pop() if idle else None

    def _new(self, instance: Instance) -> Adapter[Any]:
        from crmcore.flows.sync import SALT

        with self._lock:
            if self._http is None:
                from crmcore.http import HttpClient

                self._http = HttpClient()
        return build(self._config, instance, self._clock, http=self._http, salt=SALT)

    def _take_back(self, instance: Instance, adapter: Adapter[Any]) -> None:
        with self._lock:
            if not self._closed:
                self._idle.setdefault(instance.full_name, []).append(adapter)
                return
        _close(adapter)


def _close(adapter: Adapter[Any]) -> None:
    """An adapter that fails to close does not keep the others open."""
    try:
        adapter.close()
    except Exception:  # nothing is lost by it
        adapter.context.logger.warning("closing failed", exc_info=True)
