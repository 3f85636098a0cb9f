"""Everything that can go wrong, named by what the caller does next.

    CrmError
    ├── UsageError          correct the command and call it again                    exit 2
    ├── ConfigError         correct crm.toml (or a pack), at the place it names      exit 3
    │   └── MissingExtra    pip install what it names                                exit 3
    ├── StoreError          free the disk, close the other process, run db upgrade   exit 3
    │   └── Busy            wait; another process is writing                         exit 3
    ├── SourceError         mend or re-export the file it names                      exit 4
    ├── TransientError      try again, not before `retry_after`                      exit 4
    │   └── NotSent         try again: nothing has left (only `crmcore.http` raises it)
    ├── PermanentError      stop: trying again changes nothing                       exit 4
    │   └── AuthError       renew the credentials, then try again                    exit 4
    └── PluginError         disable, mend or upgrade the plugin it names             exit 4

Every error carries a stable `code` with a page in the reference, the place (`at`), and words and a fix in the language of
the reader, which live in `lang/`. No error carries personal data: parameters are keys, counts, shapes and places.
"""

from __future__ import annotations

import re
from typing import ClassVar

__all__ = [
    "AuthError",
    "Busy",
    "ConfigError",
    "CrmError",
    "MissingExtra",
    "NotSent",
    "PermanentError",
    "PluginError",
    "SourceError",
    "StoreError",
    "TransientError",
    "UsageError",
]


#: A mobile number, wherever it stands: somebody gave it where an id was asked for, and the error goes into a log.
_MOBILE = re.compile(r"(?<!\d)((?:\+?86)?1[3-9]\d)\d{4}(\d{4})(?!\d)")


class CrmError(Exception):
    """The base of the tree; catch it to catch everything crmcore raises on purpose.

    Attributes:
        code: stable and searchable, e.g. "CRM-C104".
        at: the place, e.g. "crm.toml:12" or "ro.csv:17"; empty when there is none.
        params: what the sentence in `lang/` is filled with; never personal data: of a mobile number four digits are hidden.
        catalog: the package whose `lang/` folder has the sentence; a plugin names its own.
    """

    exit_code: ClassVar[int] = 4

    def __init__(self, code: str, *, at: str = "", catalog: str = "crmcore", **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.at = at
        self.catalog = catalog
        self.params = {name: _hidden(value) for name, value in params.items()}

    def __str__(self) -> str:
        return self.render("en")

    def render(self, lang: str) -> str:
        """One line in `lang`: code, place, what happened, what to do."""
        from crmcore import lang as catalogue  # here, so that importing the errors costs nothing

        said, fix = catalogue.error(self.code, lang, self.catalog, self.params)
        place = f"{self.at}: " if self.at and not said.startswith(self.at) else ""
        return f"{self.code} {place}{said}" + (f" → {fix}" if fix else "")

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.code, self.at, self.catalog, self.params, dict(self.__dict__)))


def _hidden(value: object) -> object:
    return _MOBILE.sub(r"\1****\2", value) if isinstance(value, str) else value


def _rebuild(
    cls: type[CrmError], code: str, at: str, catalog: str, params: dict[str, object], state: dict[str, object]
) -> CrmError:
    """Pickle support: keyword-only arguments do not survive `Exception.__reduce__`."""
    error = cls(code, at=at, catalog=catalog, **params)
    error.__dict__.update(state)
    return error


class UsageError(CrmError):
    """The command line asks for something that does not exist or does not fit."""

    exit_code = 2


class ConfigError(CrmError):
    """crm.toml or a pack is wrong; `errors` holds every mistake that was found, not only the first."""

    exit_code = 3

    def __init__(
        self,
        code: str,
        *,
        at: str = "",
        catalog: str = "crmcore",
        errors: tuple[ConfigError, ...] = (),
        **params: object,
    ) -> None:
        super().__init__(code, at=at, catalog=catalog, **params)
        self.errors = errors

    def render(self, lang: str) -> str:
        """Every mistake on its own line."""
        if not self.errors:
            return super().render(lang)
        return "\n".join(error.render(lang) for error in self.errors)


class MissingExtra(ConfigError):
    """A library of an optional extra is not installed; params: `extra`."""


class StoreError(CrmError):
    """The database refuses: full disk, newer schema, not migrated, unreadable."""

    exit_code = 3


class Busy(StoreError):
    """Another process holds the database or this source; nothing was changed."""


class SourceError(CrmError):
    """A source cannot be read at all: no such file, unreadable encoding, missing column, locked workbook."""


class TransientError(CrmError):
    """Try again; `retry_after` in seconds when the other side said so, else None."""

    def __init__(
        self, code: str, *, at: str = "", catalog: str = "crmcore", retry_after: float | None = None, **params: object
    ) -> None:
        super().__init__(code, at=at, catalog=catalog, **params)
        self.retry_after = retry_after


class NotSent(TransientError):
    """It is proven that nothing was taken: connection refused, name not resolved, 429."""


class PermanentError(CrmError):
    """The other side refuses for good; trying again changes nothing."""


class AuthError(PermanentError):
    """The other side does not accept our credentials."""


class PluginError(CrmError):
    """A plugin broke its contract: raised where it must return, claimed a taken name, failed to load."""
