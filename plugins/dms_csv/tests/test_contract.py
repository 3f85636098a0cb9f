"""The adapter "csv" keeps the contract of a DMS."""

from __future__ import annotations

from crmcore.testing import DmsContract
from crmcore_dms_csv import CsvDms

HEADINGS = {
    "工单号": "ro_number",
    "门店": "store",
    "客户编号": "customer.key",
    "客户姓名": "customer.name",
    "手机号": "customer.phone",
    "车牌号": "vehicle.plate_number",
    "VIN": "vehicle.vin",
    "服务顾问": "advisor",
    "进厂时间": "opened_at",
    "交车时间": "delivered_at",
    "进厂里程": "km_in",
    "客户描述": "reason_verbatim",
}


class TestCsv(DmsContract):
    adapter_class = CsvDms
    config = {"path": "exports/*.csv"}
    over_http = False
    tells_empty = False  # an empty cell says nothing: another export may know

    def vendor(self, rsps, world):
        world.write_csv("exports/ro.csv", HEADINGS)
