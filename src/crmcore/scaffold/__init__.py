"""A plugin to start from: `crmcore plugins new` fills templates that lie here, with nothing from anywhere else.

A template is `templates/<folder>/<path>.tmpl`, read by `string.Template`; in its path `package` is the plugin's import name, `name`
the adapter's, and `dot_` a leading dot.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from string import Template
from typing import Final

import attrs

from crmcore.errors import StoreError, UsageError

#: What a plugin of each kind is filled from: what is asked for page by page is asked alike, whatever is on the pages.
FOLDERS: Final[Mapping[str, tuple[str, ...]]] = {
    "dms": ("common", "paged", "dms"),
    "messaging": ("common", "messaging"),
    "survey": ("common", "paged", "survey"),
}
KINDS: Final = tuple(FOLDERS)
#: Adapters that crmcore ships, installed or not; of two with one name neither would be used. A test holds it to what they register.
SHIPPED: Final = frozenset(
    {
        ("dms", "csv"),
        ("messaging", "dingtalk"),
        ("messaging", "gateway"),
        ("messaging", "wecom"),
        ("survey", "csv"),
        ("survey", "limesurvey"),
    }
)
_NAME = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
#: Windows writes no file of such a name, whatever follows the dot.
_DEVICES = re.compile(r"con|prn|aux|nul|(com|lpt)[0-9]")
_LONGEST = 30  # with a longer one the lines that import would be too long for the linter of the project
_SUFFIX = ".tmpl"


@attrs.frozen
class Project:
    """A plugin that is to be begun; raises `UsageError` for a name that would not do.

    Attributes:
        kind: of `KINDS`.
        name: the adapter's, which crm.toml will say: lower case letters, digits and single _.
    """

    kind: str
    name: str

    def __attrs_post_init__(self) -> None:
        # a kind is no name: its adapter would be called as the class it derives from
        odd = not _NAME.fullmatch(self.name) or len(self.name) > _LONGEST
        if odd or self.name in KINDS or _DEVICES.fullmatch(self.name):
            raise UsageError("CRM-U150", name=self.name)
        if (self.kind, self.name) in SHIPPED:
            raise UsageError("CRM-U151", adapter=f"{self.kind}:{self.name}")

    @property
    def entry(self) -> str:
        """The entry point."""
        return f"{self.kind}_{self.name}"

    @property
    def package(self) -> str:
        """What is imported."""
        return f"crmcore_{self.entry}"

    @property
    def distribution(self) -> str:
        """What is installed; the folder is called so too."""
        return self.package.replace("_", "-")

    def files(self, version: str) -> dict[str, str]:
        """Path -> text of everything, for a plugin that is begun with this version of the core."""
        words = {
            "kind": self.kind,
            "name": self.name,
            "entry": self.entry,
            "package": self.package,
            "distribution": self.distribution,
            "Title": "".join(part.capitalize() for part in self.name.split("_")),
            "CODE": self.name.replace("_", "-").upper(),
            "header": f"x-{self.name.replace('_', '-')}-signature",
            "range": compatible(version),
        }
        return dict(sorted(self._filled(words)))

    def _filled(self, words: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        for folder in FOLDERS[self.kind]:
            for path, template in _templates(resources.files(__name__) / "templates" / folder):
                parts = (re.sub(r"^dot_", ".", part) for part in path.split("/"))
                parts = (re.sub(r"^package$", self.package, part) for part in parts)
                yield re.sub(r"\bname\.", f"{self.name}.", "/".join(parts)), Template(template).substitute(words)

    def write(self, parent: Path, version: str) -> Path:
        """Write everything into a new folder of `parent` and return it; raises `UsageError` when it is there already."""
        folder = parent / self.distribution
        if folder.exists():
            raise UsageError("CRM-U152", at=str(folder))
        try:
            for path, text in self.files(version).items():
                file = folder / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, encoding="utf-8", newline="\n")
        except OSError as error:
            shutil.rmtree(folder, ignore_errors=True)  # half a project would only be in the way of the next attempt
            raise StoreError("CRM-D130", at=str(folder), why=type(error).__name__) from None
        return folder


def compatible(version: str) -> str:
    """The range of core versions that a plugin begun with `version` will work with: before 1.0 a minor release may break it.

    `0.3.2` is `>=0.3,<0.4`; `1.4.0` is `>=1.4,<2`.
    """
    major, minor = (int(part) for part in version.split(".")[:2])
    return f">={major}.{minor},<{f'0.{minor + 1}' if major == 0 else major + 1}"


def _templates(folder: Traversable, above: str = "") -> Iterator[tuple[str, str]]:
    for each in folder.iterdir():
        if each.is_dir():
            yield from _templates(each, f"{above}{each.name}/")
        elif each.name.endswith(_SUFFIX):
            yield f"{above}{each.name.removesuffix(_SUFFIX)}", each.read_text("utf-8")
