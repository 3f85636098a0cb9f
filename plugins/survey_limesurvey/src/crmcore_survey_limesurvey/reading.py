"""A response as LimeSurvey exports it -> what the core takes; and how its times are to be read."""

from __future__ import annotations

import base64
import binascii
import functools
import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from hashlib import blake2b
from typing import Any
from zoneinfo import ZoneInfo

from crmcore.hooks import AnswerRecord, Entry, Record, ResponseRecord

Row = Mapping[str, Any]

#: Changes whenever the same response would be read differently; every digest is salted with it.
MAPPING_VERSION = 1
#: What stands beside the answers. Names and addresses are there only when an export is told to; they would be no answers either.
META = frozenset(
    {
        *(
            "id",
            "submitdate",
            "lastpage",
            "startlanguage",
            "seed",
            "token",
            "startdate",
            "datestamp",
            "ipaddr",
            "refurl",
        ),
        *("firstname", "lastname", "email"),
    }
)
_PERSONAL = frozenset({"ipaddr", "refurl", "firstname", "lastname", "email"})
_ATTRIBUTE = re.compile(r"attribute_\d+")
#: LimeSurvey writes this instead of the time when the survey's "date stamp" is off.
_NEVER = "1980-01-01"

_COLUMNS = {"token": "token", "started_at": "startdate", "completed_at": "submitdate"}


def rows_of(export: object) -> list[Row] | None:
    """The responses in an export (base64 of JSON); None when it is something else, or one of them has no number."""
    try:
        said = json.loads(base64.b64decode(str(export), validate=True))
        rows = said["responses"]
        return [{**row, "id": int(row["id"])} for row in rows]
    except (ValueError, KeyError, TypeError, RecursionError, binascii.Error):
        return None


class Reader:
    """Reads the responses of one survey; `zone` is its server's."""

    def __init__(self, survey_id: int, zone: str, salt: bytes) -> None:
        self._survey_id = survey_id
        self._zone = ZoneInfo(zone)
        self._salted = blake2b(repr((MAPPING_VERSION, survey_id, zone)).encode(), digest_size=16, key=salt[:64])

    def entries(self, rows: Iterable[Row]) -> tuple[Entry, ...]:
        """Each response as the core takes it."""
        return tuple(map(self._entry, rows))

    def _entry(self, row: Row) -> Entry:
        digest = self._salted.copy()
        digest.update(json.dumps(row, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode())
        return Entry(
            at=(f"limesurvey:{self._survey_id}:{row['id']}",),
            digest=digest.digest(),
            records=functools.partial(self._records, row),
            raw=functools.partial(_raw, row),
            columns=_COLUMNS,
        )

    def _records(self, row: Row) -> tuple[Record, ...]:
        answers: list[AnswerRecord] = [
            {"item": item, "value": _text(value) or None}
            for item, value in row.items()
            if item not in META and not _ATTRIBUTE.fullmatch(item)
        ]
        data: ResponseRecord = {
            "key": f"{self._survey_id}-{row['id']}",
            "token": _text(row.get("token")) or None,
            "started_at": self._instant(row.get("startdate")),
            "completed_at": self._instant(row.get("submitdate")),
            "complete": True,
            "answers": answers,
        }
        return (Record("response", data),)

    def _instant(self, value: object) -> str | None:
        """With its offset; what is no time stays as it is, so that the core rejects it with its place."""
        text = _text(value)
        if not text or text.startswith(_NEVER):
            return None
        try:
            return datetime.fromisoformat(text).replace(tzinfo=self._zone).isoformat()
        except ValueError:
            return text


def _text(value: object) -> str:
    return "" if value is None else str(value).strip()


def _raw(row: Row) -> Mapping[str, str]:
    """The response by its own names, for mending; where the customer sat is nobody's business."""
    return {name: _text(value) for name, value in row.items() if name not in _PERSONAL}
