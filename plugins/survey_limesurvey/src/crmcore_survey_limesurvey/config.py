"""What crm.toml says about a questionnaire at LimeSurvey: [survey.<name>] with adapter = "limesurvey"."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import attrs

from crmcore.hooks import ConfigError, Secret

CATALOG = "crmcore_survey_limesurvey"

_RANGES = {"survey_id": (1, 2**31 - 1), "batch": (1, 500), "page": (10, 5_000), "open_days": (0, 90)}
_ATTRIBUTE = re.compile(r"attribute_[1-9][0-9]{0,2}")
#: How both spellings of LimeSurvey's addresses end; what stands before is where its pages are.
_RPC = re.compile(r"(?P<path>/admin/remotecontrol/?)$|(?P<get>\?r=admin/remotecontrol)$")


def _help(zh: str, en: str) -> dict[str, dict[str, str]]:
    return {"help": {"zh": zh, "en": en}}


@attrs.frozen(kw_only=True)
class LimeSurveyConfig:
    """One questionnaire at one LimeSurvey."""

    url: str = attrs.field(
        repr=False,
        metadata=_help(
            "RemoteControl 地址，以 /index.php/admin/remotecontrol 结尾",
            "address of RemoteControl; ends in /index.php/admin/remotecontrol",
        ),
    )
    username: str = attrs.field(metadata=_help("LimeSurvey 用户名", "LimeSurvey user"))
    password: Secret = attrs.field(metadata=_help("密码", "password"))
    survey_id: int = attrs.field(metadata=_help("问卷编号", "number of the survey"))
    language: str = attrs.field(
        default="zh-Hans", metadata=_help("问卷的语言代码", "language code of the questionnaire")
    )
    languages: Mapping[str, str] = attrs.field(
        factory=dict,
        metadata=_help(
            '客户语言对应的问卷语言，如 { en = "en" }；没写的用 language',
            'questionnaire language by the customer\'s, e.g. { en = "en" }; others get `language`',
        ),
    )
    public_url: str = attrs.field(
        default="",
        metadata=_help(
            "客户打开的地址，默认由 url 推出；可写到 /index.php，也可写含 {survey_id} {token} {lang} 的完整地址",
            "where customers answer, derived from url; up to /index.php, or in full with {survey_id} {token} {lang}",
        ),
    )
    timezone: str = attrs.field(
        default="",
        metadata=_help(
            "LimeSurvey 服务器的时区，默认为门店时区", "time zone of the LimeSurvey server; default: the store's"
        ),
    )
    attributes: Mapping[str, str] = attrs.field(
        factory=dict,
        metadata=_help(
            '交给 LimeSurvey 的参与者属性，如 { attribute_1 = "store" }；默认不交',
            'participant attributes handed over, e.g. { attribute_1 = "store" }; default: none',
        ),
    )
    batch: int = attrs.field(default=200, metadata=_help("一次邀请的人数", "people per call when inviting"))
    page: int = attrs.field(default=500, metadata=_help("一次读取的答卷编号数", "response numbers per call"))
    open_days: int = attrs.field(
        default=7,
        metadata=_help("尚未完成的答卷，继续等待的天数", "days to wait for a response that was begun and not finished"),
    )
    ca: Path | None = attrs.field(
        default=None, metadata=_help("自建证书机构的证书文件", "certificate file of a private authority")
    )

    def __attrs_post_init__(self) -> None:
        if not _is_page(self.url) or not (self.public_url or _RPC.search(self.url)):
            raise ConfigError("CRM-L301", catalog=CATALOG)
        if self.public_url and not _is_page(self.public_url):
            raise ConfigError("CRM-L302", catalog=CATALOG)
        for key, (least, most) in _RANGES.items():
            if not least <= getattr(self, key) <= most:
                raise ConfigError(
                    "CRM-L303", catalog=CATALOG, key=key, value=getattr(self, key), least=least, most=most
                )
        if wrong := [name for name in self.attributes if not _ATTRIBUTE.fullmatch(name)]:
            raise ConfigError("CRM-L304", catalog=CATALOG, name=wrong[0])
        if self.timezone and not _is_zone(self.timezone):
            raise ConfigError("CRM-L305", catalog=CATALOG, zone=self.timezone)

    @property
    def url_place(self) -> str:
        """Host and path: what an error may show of `url`."""
        parts = urlsplit(self.url)
        return parts.netloc.rpartition("@")[2] + parts.path

    def language_of(self, lang: str) -> str:
        """The questionnaire's language for a customer whose own is `lang`."""
        return self.languages.get(lang, self.language)

    def link(self, token: str, lang: str) -> str:
        """Where the holder of `token` answers; `lang` is one of the questionnaire's."""
        form = self.public_url or _pages(self.url)
        if "{token}" not in form:
            form = form.rstrip("/") + "/{survey_id}?token={token}&lang={lang}"
        for name, value in (("survey_id", str(self.survey_id)), ("token", token), ("lang", lang)):
            form = form.replace(f"{{{name}}}", value)
        return form


def _pages(url: str) -> str:
    """The address of the customers' pages, from that of RemoteControl; LimeSurvey writes both with paths or with `?r=`."""
    if url.endswith("?r=admin/remotecontrol"):
        return _RPC.sub("?r=survey/index&sid={survey_id}&token={token}&lang={lang}", url)
    return _RPC.sub("", url)


def _is_page(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
