"""The adapter "csv" keeps the contract of a survey."""

from __future__ import annotations

from crmcore.testing import SurveyContract
from crmcore_survey_csv import CsvSurvey

HEADINGS = {
    "样本编号": "sample_id",
    "批次": "wave",
    "客户姓名": "customer.name",
    "手机号": "customer.phone",
    "车牌": "vehicle.plate_number",
    "访问时间": "completed_at",
    "OVERALL": "answers.OVERALL",
    "ATTITUDE": "answers.ATTITUDE",
    "REMARK": "answers.REMARK",
}


class TestCsv(SurveyContract):
    adapter_class = CsvSurvey
    config = {"path": "waves/*.csv"}
    over_http = False

    def vendor(self, rsps, world):
        world.write_csv("waves/wave.csv", HEADINGS)
