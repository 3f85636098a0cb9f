"""The exports as tables: their headings, and the words in which a Chinese system writes a code."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

import attrs

from crmcore.types.customer import Channel
from crmcore.types.store import Role
from crmcore.types.vehicle import Powertrain, VehicleStatus
from crmcore.types.visit import OrderType

Cell = str | int | date | datetime

RO: Final = (
    "工单号", "车牌号", "车架号", "车型", "动力类型", "客户姓名", "手机号", "出生日期", "拒收短信", "已故", "营销同意", "送修人", "送修人电话",
    "进厂日期", "完工日期", "交车日期", "结算日期", "进厂里程", "服务顾问", "维修类型", "工单类型", "状态", "人伤事故", "预约回访时间", "预约回访方式",
    "项目", "工时", "工时费", "配件费", "备注", "保险到期", "年检到期", "质保到期", "保养间隔里程", "保养间隔月数",
    "购车日期", "车辆状态", "备注",
)  # fmt: skip
DELIVERIES: Final = (
    "单据号", "类型", "客户姓名", "手机号", "出生日期", "家属姓名", "家属关系", "家属生日", "营销同意", "车架号", "车牌号", "车型", "动力类型",
    "计划交车日期", "交车日期", "购车日期", "质保到期", "保险到期", "年检到期", "销售顾问",
)  # fmt: skip
SHOWROOM: Final = (
    "单据号", "类型", "客户姓名", "手机号", "到店时间", "离店时间", "意向车型", "销售顾问", "预约回访时间", "预约回访方式", "备注",
)  # fmt: skip
APPOINTMENTS: Final = ("预约单号", "客户姓名", "手机号", "车牌号", "车架号", "预约时间", "状态", "服务顾问")
STAFF: Final = ("工号", "姓名", "岗位", "电话", "在职")
COMPLAINTS: Final = ("投诉单号", "客户姓名", "手机号", "车架号", "工单号", "受理时间", "状态")

POWERTRAINS: Final = {Powertrain.ICE: "燃油", Powertrain.BEV: "纯电"}
CAR_STATES: Final = {VehicleStatus.ACTIVE: "在用", VehicleStatus.SOLD: "已售"}
ORDER_TYPES: Final = {
    OrderType.CUSTOMER: "普通",
    OrderType.INTERNAL: "内部",
    OrderType.PDI: "PDI",
    OrderType.VOID: "作废",
}
CHANNELS: Final = {Channel.PHONE: "电话", Channel.SMS: "短信"}
ROLES: Final = {
    Role.SERVICE_ADVISOR: "服务顾问",
    Role.SALES_CONSULTANT: "销售顾问",
    Role.CR_AGENT: "客服专员",
    Role.CR_MANAGER: "客户关系经理",
    Role.SHOWROOM_MANAGER: "展厅经理",
    Role.SALES_MANAGER: "销售经理",
    Role.SERVICE_MANAGER: "服务经理",
}


@attrs.frozen(kw_only=True)
class Sheet:
    """One export before it is written.

    Attributes:
        title: what stands in the first cell of the row above the headings; empty: no such row.
        total: the 合计 row; empty: none.
    """

    file: str
    headings: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    title: str = ""
    total: tuple[Cell, ...] = ()

    @property
    def first_row(self) -> int:
        """Where the data begin, counted as a spreadsheet does."""
        return 3 if self.title else 2
