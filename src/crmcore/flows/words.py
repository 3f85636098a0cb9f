"""The words that exports use for our codes. The codes themselves are understood too, in any case."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from crmcore.types.complaint import ComplaintState
from crmcore.types.customer import BirthCalendar, Channel, CustomerKind, UseClass
from crmcore.types.store import Role
from crmcore.types.survey import Mode
from crmcore.types.vehicle import Powertrain, VehicleStatus
from crmcore.types.visit import AppointmentStatus, OrderType, VisitKind, VisitStatus


def _words(codes: type[StrEnum], **said: str) -> Mapping[str, str]:
    known = {code.value: code.value for code in codes}
    for code, sayings in said.items():
        known |= dict.fromkeys(sayings.split(), code)
    return known


KIND = _words(CustomerKind, PERSON="个人 私人 自然人 P", ORGANIZATION="单位 公司 企业 法人 组织 COMPANY ORG O")
GENDER: Mapping[str, str] = {
    **dict.fromkeys(("男", "先生", "M", "MALE", "MR"), "MALE"),
    **dict.fromkeys(("女", "女士", "小姐", "F", "FEMALE", "MS", "MRS"), "FEMALE"),
}
CALENDAR = _words(BirthCalendar, SOLAR="公历 阳历 新历", LUNAR="农历 阴历 旧历")
USE = _words(
    UseClass, PRIVATE="私家 私家车 个人 非营运 私车", OFFICIAL="公务 公车 单位", COMMERCIAL="营运 出租 租赁 网约车 商用"
)
POWERTRAIN = _words(
    Powertrain,
    ICE="燃油 汽油 柴油 燃油车 GASOLINE PETROL DIESEL GAS",
    HEV="混动 油电混动 混合动力 HYBRID",
    PHEV="插电混动 插混 插电式混合动力 增程 增程式",
    BEV="纯电 纯电动 电动 EV ELECTRIC",
    FCEV="氢燃料 燃料电池",
    MHEV="轻混 48V轻混",
)
VEHICLE_STATUS = _words(
    VehicleStatus,
    ACTIVE="在用 正常 有效",
    SOLD="已售 转让 已转让 过户 已过户",
    SCRAPPED="报废 已报废",
    OFF_SITE="外地 迁出 转籍",
)
VISIT_KIND = _words(
    VisitKind,
    SERVICE="维修 售后 维修工单 保养 服务",
    DELIVERY="新车交付 交付 交车 新车 销售",
    SHOWROOM="展厅接待 展厅 到店 来店 接待",
)
VISIT_STATUS = _words(
    VisitStatus,
    OPEN="新建 已开单 开单 登记 待派工 预检",
    IN_PROGRESS="在修 维修中 施工中 在厂 进行中 作业中",
    WAITING_APPROVAL="待确认 待客户确认",
    WAITING_PARTS="待料 待件 缺件 等待配件",
    QUALITY_CHECK="质检 质检中 待质检 终检",
    READY="待取车 待交车 已完工 完工 竣工 待结算",
    DELIVERED="已交车 已出厂 出厂 交车 已离店 已提车",
    CLOSED="已结算 结算 已关闭 关闭 已收款 完成",
    VOID="作废 已作废 取消 已取消 VOIDED",
)
ORDER_TYPE = _words(OrderType, INTERNAL="内部 内部工单 内修 内部维修 自用", PDI="PDI检测 新车检测", VOID="作废 已作废")
APPOINTMENT_STATUS = _words(
    AppointmentStatus,
    REQUESTED="待确认 新建 已登记 未确认",
    CONFIRMED="已确认 确认 已预约 预约成功",
    ARRIVED="已到店 已进厂 到店",
    FULFILLED="已完成 完成",
    RESCHEDULED="改期 已改期",
    CANCELLED="已取消 取消 作废 CANCELED",
    NO_SHOW="未到店 爽约 失约",
)
COMPLAINT_STATE = _words(
    ComplaintState,
    RECEIVED="已受理 受理 新建 登记",
    INVESTIGATING="处理中 调查中 跟进中",
    RESPONDED="已回复",
    RESOLVED="已解决 已处理",
    CALLBACK_PENDING="待回访",
    CLOSED="已结案 结案 已关闭 关闭",
    REOPENED="重新打开 重开",
    WITHDRAWN="已撤诉 撤销 已撤销",
)
CHANNEL = _words(
    Channel, PHONE="电话 来电 手机", SMS="短信 短消息", WECHAT="微信", WECOM="企业微信 企微", EMAIL="邮件 邮箱"
)
MODE = _words(
    Mode,
    PHONE="电话 电访 电话调查",
    ONLINE="网络 在线 线上 网页 网络调查",
    FACE="面访 面谈 当面",
    PAPER="纸质 书面",
    MYSTERY="暗访 神秘客户 神秘顾客",
)
ROLE = _words(
    Role,
    GENERAL_MANAGER="总经理 店总",
    CR_MANAGER="客户关系经理 客服经理 客户经理",
    CR_AGENT="客服专员 客户关系专员 回访专员 客服",
    SALES_MANAGER="销售经理",
    SHOWROOM_MANAGER="展厅经理",
    SALES_CONSULTANT="销售顾问",
    SERVICE_MANAGER="服务经理 售后经理",
    SERVICE_ADVISOR="服务顾问",
    BUSINESS_MANAGER="业务经理",
    MARKETING_MANAGER="市场经理",
    SATISFACTION_OFFICER="满意度专员",
    RECEPTIONIST="前台 接待",
    TECHNICIAN="技师 维修技师 技工",
    FOREMAN="班组长 车间主任",
    INSPECTOR="质检员 质检",
    PARTS="配件 配件员 配件经理",
    REAR_OFFICE="后勤 财务 行政",
    OTHER="其他 其它",
)
