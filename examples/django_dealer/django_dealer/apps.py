"""The one `Crm` of a process: opened when it is first asked for, so after a server has forked its workers."""

from __future__ import annotations

import atexit
import threading

from django.apps import AppConfig, apps
from django.conf import settings

from crmcore import Crm


class DealerConfig(AppConfig):
    """Holds the `Crm`."""

    name = "django_dealer"
    verbose_name = "4S 店"

    _crm: Crm | None = None
    _lock = threading.Lock()

    @property
    def crm(self) -> Crm:
        """The one of this process."""
        with self._lock:
            if self._crm is None:
                self._crm = Crm(settings.CRM_TOML, **settings.CRM_OPTIONS)
                atexit.register(self.close)
            return self._crm

    def close(self) -> None:
        """Close it; who asks again gets a new one."""
        if self._crm is not None:
            self._crm.close()
            self._crm = None


def the_crm() -> Crm:
    """The one of this process, for views, commands and template tags."""
    config = apps.get_app_config("django_dealer")
    assert isinstance(config, DealerConfig)
    return config.crm
