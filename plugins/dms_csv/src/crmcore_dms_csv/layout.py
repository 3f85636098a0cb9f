"""Which column of a file is which of our fields: decided once per file, from its headings and the config."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence

import attrs

from crmcore.errors import ConfigError, SourceError
from crmcore.tables import heading_key
from crmcore_dms_csv import catalogue
from crmcore_dms_csv.catalogue import CATALOG, ENTITIES
from crmcore_dms_csv.config import CsvConfig

#: A field that may be fed by several columns.
MANY = frozenset({"customer.phones", "phones"})
_KEYS = {
    "visit": ("ro_number", "key"),
    "appointment": ("key",),
    "complaint": ("key",),
    "staff": ("key",),
    "customer": ("name", "phone"),
}
#: When a visit came and went: a file that says it is no list of customers, whatever else is missing.
_WHEN = frozenset({"opened_at", "completed_at", "delivered_at", "invoiced_at"})


@attrs.frozen
class Layout:
    """The columns of one file.

    Attributes:
        entity: what a row is.
        columns: (position, our field) in order of position.
        headings: our field -> its heading as written, for rejects.
        unknown: headings that nobody claimed.
    """

    entity: str
    columns: tuple[tuple[int, str], ...]
    headings: Mapping[str, str]
    unknown: tuple[str, ...]


def wanted(config: CsvConfig) -> Mapping[str, tuple[str, ...]]:
    """Our field -> their headings, from the preset and then from the config, which wins."""
    chosen: dict[str, str | tuple[str, ...]] = {**catalogue.preset(config.preset).get("columns", {}), **config.columns}
    return {field: (names,) if isinstance(names, str) else tuple(names) for field, names in chosen.items()}


def check_fields(config: CsvConfig) -> None:
    """Raise `ConfigError` for a field name in `columns` or `words` that does not exist, with the nearest that does."""
    entities = ENTITIES if config.entity == "auto" else (config.entity,)
    known = {field for entity in entities for field in catalogue.fields(entity)}
    mistakes = [
        ConfigError("CRM-S140", at=f"{table}.{field}", catalog=CATALOG, field=field, nearest=_nearest(field, known))
        for table, names in (("columns", config.columns), ("words", config.words))
        for field in names
        if field not in known and ".extra." not in f".{field}"
    ]
    if mistakes:
        raise ConfigError("CRM-S140", catalog=CATALOG, errors=tuple(mistakes), field="", nearest="")


def _nearest(name: str, names: Iterable[str]) -> str:
    found = difflib.get_close_matches(name, list(names), n=1, cutoff=0.5)
    return found[0] if found else "-"


def fit(config: CsvConfig, columns: Sequence[str], part: str) -> Layout:
    """The layout of a file with these `columns`; raises `SourceError` when the column of the key is missing.

    A file of visits without their numbers would else pass for a list of customers, and its visits would be lost unseen.
    """
    configured = _configured(wanted(config), columns, part, config)
    preset_entity = catalogue.preset(config.preset).get("entity", "auto")
    entity = config.entity if config.entity != "auto" else preset_entity
    candidates = [_assign(name, columns, configured) for name in (ENTITIES if entity == "auto" else (entity,))]
    fitting = [layout for layout in candidates if _has_key(layout)]
    found = max(fitting, key=lambda layout: len(layout.columns), default=None)
    if found is None or (entity == "auto" and found.entity == "customer" and _is_of_visits(candidates[0])):
        keys = {_KEYS[layout.entity][0]: None for layout in (candidates if found is None else candidates[:1])}
        needed = " / ".join(keys)
        raise SourceError("CRM-S141", at=part, catalog=CATALOG, needed=needed, found=", ".join(columns))
    return found


def _is_of_visits(layout: Layout) -> bool:
    assert layout.entity == ENTITIES[0] == "visit"
    return bool(_WHEN & layout.headings.keys())


def _has_key(layout: Layout) -> bool:
    return any(field in layout.headings for field in _KEYS[layout.entity])


def _configured(
    asked: Mapping[str, tuple[str, ...]], columns: Sequence[str], part: str, config: CsvConfig
) -> Mapping[int, str]:
    """Positions that preset and config claim. A heading from the config must exist; one of a preset may be absent."""
    exact = {name: position for position, name in enumerate(columns)}
    loose: dict[str, int] = {}
    for position, name in enumerate(columns):
        loose.setdefault(heading_key(name), position)
    claimed: dict[int, str] = {}
    for field, names in asked.items():
        for name in names:
            place = exact.get(name, loose.get(heading_key(name)))
            if place is not None:
                claimed[place] = field
            elif field in config.columns:
                nearest = _nearest(name, columns)
                raise SourceError("CRM-S142", at=part, catalog=CATALOG, heading=name, field=field, nearest=nearest)
    return claimed


def _assign(entity: str, columns: Sequence[str], configured: Mapping[int, str]) -> Layout:
    """Give each column its field: what the config says first, then headings with one meaning, then those with several."""
    meanings: dict[str, list[str]] = {}
    for field, keys in catalogue.fields(entity).items():
        for key in keys:
            meanings.setdefault(key, []).append(field)
    taken = dict(configured)
    fields = set(configured.values())
    open_columns = [
        (position, meanings.get(heading_key(name), []))
        for position, name in enumerate(columns)
        if position not in taken
    ]
    for position, candidates in sorted(open_columns, key=lambda column: (len(column[1]), column[0])):
        free = [each for each in candidates if each not in fields or each in MANY]
        if free:
            taken[position] = free[0]
            fields.add(free[0])
    dropped = catalogue.ignored()
    unknown = [
        name for position, name in enumerate(columns) if position not in taken and not _silent(name, dropped, meanings)
    ]
    ordered = tuple(sorted(taken.items()))
    headings: dict[str, str] = {}
    for position, field in ordered:
        headings.setdefault(field, columns[position])
    return Layout(entity, ordered, headings, tuple(unknown))


def _silent(name: str, dropped: frozenset[str], meanings: Mapping[str, list[str]]) -> bool:
    """A column without a heading, one that is known and not wanted, or a second one of a field that is taken."""
    key = heading_key(name)
    return name.startswith("#") or key in dropped or key in meanings
