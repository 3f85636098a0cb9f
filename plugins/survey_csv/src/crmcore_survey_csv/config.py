"""What `[survey.<instance>]` with `adapter = "csv"` may say, besides what every survey says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs


def _help(zh: str, en: str) -> dict[str, Any]:
    return {"help": {"zh": zh, "en": en}}


@attrs.frozen(kw_only=True)
class CsvSurveyConfig:
    """Which files to read and which columns are not answers; every other column is an item of the questionnaire."""

    path: str | tuple[str, ...] = attrs.field(
        metadata=_help(
            "调研公司交付的文件，可用通配符，如 waves/*.xlsx；也可写多个。相对于 crm.toml 所在文件夹。",
            "The agency's files, with wildcards, e.g. waves/*.xlsx; may be a list. Relative to the folder of crm.toml.",
        )
    )
    columns: Mapping[str, str] = attrs.field(
        factory=dict,
        metadata=_help(
            '我们的字段 = 文件里的表头，如 sample_id = "样本编号"；常见表头不用写。',
            'Our field = their heading, e.g. sample_id = "Sample no."; usual headings need none.',
        ),
    )
    ignore: tuple[str, ...] = attrs.field(
        default=(),
        metadata=_help("不是答案、也不需要的列。", "Columns that are no answers and are not wanted."),
    )
    wave: str = attrs.field(
        default="",
        metadata=_help(
            "文件里没有“批次”列时用的批次名；空：用文件名。",
            "What the wave is called where the file has no column for it; empty: the file's name.",
        ),
    )
    encoding: str = attrs.field(
        default="",
        metadata=_help(
            "文件编码；空：按字节顺序标记、UTF-8、GB18030 判断。",
            "The encoding; empty: byte-order mark, UTF-8, GB18030, in this order.",
        ),
    )
    sheet: str = attrs.field(
        default="",
        metadata=_help(
            "工作簿中的工作表；空：第一张能认出表头的工作表。",
            "The sheet of a workbook; empty: the first one with a header we know.",
        ),
    )
