"""The columns that say which call it is, and what fills them; they are locked in the workbook."""

from __future__ import annotations

import attrs

#: Column code -> (heading zh, heading en, width in characters). Order is the order on the sheet.
COLUMNS: dict[str, tuple[str, str, int]] = {
    "id": ("编号", "Id", 8),
    "priority": ("优先", "No.", 6),
    "due": ("应回访时间", "Due", 17),
    "deadline": ("最迟", "Deadline", 17),
    "task": ("任务", "Task", 22),
    "reason": ("原因", "Why", 34),
    "customer": ("客户", "Customer", 14),
    "phone": ("电话", "Phone", 16),
    "plate": ("车牌", "Plate", 11),
    "vehicle": ("车型", "Vehicle", 18),
    "last_visit": ("最近到店", "Last visit", 12),
    "advisor": ("服务顾问", "Advisor", 12),
    "executor": ("执行人", "Assigned to", 12),
    "supervisors": ("监督人", "Supervisors", 16),
    "attempts": ("已拨次数", "Tries", 9),
    "lease": ("领取情况", "Taken by", 18),
    "exported": ("导出时间", "Exported", 17),
    "questions": ("话术与问题", "Script", 60),
}


@attrs.frozen(kw_only=True)
class WorklistRow:
    """One call, as text, in the language of the file.

    Attributes:
        id: the touchpoint, e.g. "T12"; what an import later finds the row by.
        phone: as it is dialled within the country, never as a number.
        reason: why this call is due, with what it was bundled with.
        lease: who has taken the row and until when, or why it is not for who exports it; empty: nobody.
        exported: local time of the export: what a bare "10:35" in the file counts from.
        asked: keys of the score columns that are asked in this call (`form.Asked.key`).
        late: True once the deadline has passed.
        shut: no answer of who exports it is taken: his own customer.
    """

    id: str
    priority: str
    due: str
    deadline: str
    task: str
    reason: str
    customer: str = attrs.field(repr=False)
    phone: str = attrs.field(repr=False)
    plate: str = attrs.field(repr=False)
    vehicle: str
    last_visit: str
    advisor: str
    executor: str
    supervisors: str
    attempts: str
    lease: str = ""
    exported: str = ""
    questions: str
    asked: tuple[str, ...] = ()
    late: bool = False
    shut: bool = False

    def cells(self) -> list[str]:
        """The values in the order of `COLUMNS`."""
        return [str(getattr(self, name)) for name in COLUMNS]
