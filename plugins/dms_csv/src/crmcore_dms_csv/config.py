"""What `[dms.<instance>]` with `adapter = "csv"` may say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import attrs

from crmcore.types.visit import VisitKind


def _help(zh: str, en: str) -> dict[str, Any]:
    return {"help": {"zh": zh, "en": en}}


@attrs.frozen(kw_only=True)
class CsvConfig:
    """Which files to read and how; only `path` is needed when the headings are usual ones."""

    path: str | tuple[str, ...] = attrs.field(
        metadata=_help(
            "文件，可用通配符，如 exports/*.csv；也可写多个。相对于 crm.toml 所在文件夹。",
            "The files, with wildcards, e.g. exports/*.csv; may be a list. Relative to the folder of crm.toml.",
        )
    )
    entity: Literal["auto", "visit", "customer", "appointment", "staff", "complaint"] = attrs.field(
        default="auto",
        metadata=_help(
            "每行是什么：visit 工单/交车/到店，customer 客户，appointment 预约，staff 员工，complaint 投诉；auto 按表头判断。",
            "What a row is: visit, customer, appointment, staff or complaint; auto: told by the headings.",
        ),
    )
    kind: VisitKind = attrs.field(
        default=VisitKind.SERVICE,
        metadata=_help(
            "文件没有“类型”列时，各行属于哪类：SERVICE 维修、DELIVERY 交车、SHOWROOM 展厅。",
            "The kind of visit of a file without a column that says so: SERVICE, DELIVERY or SHOWROOM.",
        ),
    )
    preset: Literal["", "dynatron", "dealervault", "reynolds", "autovhc"] = attrs.field(
        default="", metadata=_help("已公开的文件格式。", "A published layout.")
    )
    columns: Mapping[str, str | tuple[str, ...]] = attrs.field(
        factory=dict,
        metadata=_help(
            '我们的字段 = 文件里的表头，如 "customer.phone" = "车主手机"；没有表头的文件写 "#4"。优先于内置表头。',
            'Our field = their heading, e.g. "customer.phone" = "Cell"; "#4" in a file without headings. Beats the built-in headings.',
        ),
    )
    words: Mapping[str, Mapping[str, str]] = attrs.field(
        factory=dict,
        metadata=_help(
            '字段的取值换成我们的代码，如 words.kind = { "洗美" = "SERVICE" }。',
            'Their word = our code, by field, e.g. words.kind = { "detailing" = "SERVICE" }.',
        ),
    )
    store_codes: Mapping[str, str] = attrs.field(
        factory=dict,
        metadata=_help(
            '文件里的门店 = 我们的门店代码，如 "东城店" = "S02"。', 'Their store = our store code, e.g. "East" = "S02".'
        ),
    )
    encoding: str = attrs.field(
        default="",
        metadata=_help(
            "文件编码；空：按字节顺序标记、UTF-8、GB18030 判断。",
            "The encoding; empty: byte-order mark, UTF-8, GB18030, in this order.",
        ),
    )
    delimiter: str = attrs.field(
        default="",
        metadata=_help(
            "分隔符；空：从逗号、分号、制表符、竖线中找出。", "The delimiter; empty: comma, semicolon, tab or bar."
        ),
    )
    header: bool = attrs.field(
        default=True,
        metadata=_help(
            "文件有没有表头；没有时用 columns 按 #1、#2 指定。",
            "Has the file a header? If not, name columns as #1, #2.",
        ),
    )
    sheet: str = attrs.field(
        default="",
        metadata=_help(
            "工作簿中的工作表；空：所有能认出表头的工作表。",
            "The sheet of a workbook; empty: every sheet with a header we know.",
        ),
    )
    distance: Literal["", "km", "miles"] = attrs.field(
        default="",
        metadata=_help("里程单位；空：公里（英美预设为英里）。", "Unit of distances; empty: km (the presets: miles)."),
    )
    date_order: Literal["", "mdy", "dmy"] = attrs.field(
        default="",
        metadata=_help(
            "11/01/2026 这类日期的顺序；空：有歧义就拒绝。",
            "How to read dates like 11/01/2026; empty: an ambiguous one is rejected.",
        ),
    )
    workbook_mb: int = attrs.field(
        default=50, metadata=_help("工作簿的最大大小（MB）。", "The largest workbook, in MB.")
    )
    unpacked_mb: int = attrs.field(
        default=256, metadata=_help("工作簿解压后的最大大小（MB）。", "The largest unpacked workbook, in MB.")
    )
    ratio: int = attrs.field(
        default=200, metadata=_help("工作簿解压倍数的上限。", "How many times a workbook may grow when unpacked.")
    )
