"""Adapters, built when a verb first needs them and then kept."""

from __future__ import annotations

from collections.abc import Mapping
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
    """The adapters of one `Crm`."""

    def __init__(self, config: Config, clock: Clock, http: HttpClient | None = None) -> None:
        self._config, self._clock, self._http = config, clock, http
        self._mine = http is None
        self._adapters: dict[str, Adapter[Any]] = {}

    def one(self, instance: Instance) -> Adapter[Any]:
        """The adapter of an instance, built once; raises why it cannot be used."""
        if instance.full_name not in self._adapters:
            if self._http is None:
                from crmcore.http import HttpClient

                self._http = HttpClient()
            from crmcore.flows.sync import SALT

            self._adapters[instance.full_name] = build(self._config, instance, self._clock, http=self._http, salt=SALT)
        return self._adapters[instance.full_name]

    def working(self, instances: Mapping[str, Instance]) -> Working[Any]:
        """What is enabled, built; one that cannot be built must not stop the rest."""
        found: Working[Any] = Working()
        for instance in each_enabled(instances):
            try:
                found.good[instance.name] = self.one(instance)
            except CrmError as error:
                found.bad[instance.name] = error
        return found

    def close(self) -> None:
        """Close them all; one that fails to close does not keep the others open."""
        for adapter in self._adapters.values():
            try:
                adapter.close()
            except Exception:  # nothing is lost by it, and the others must be closed as well
                adapter.context.logger.warning("closing failed", exc_info=True)
        self._adapters.clear()
        if self._http is not None and self._mine:
            self._http.close()
