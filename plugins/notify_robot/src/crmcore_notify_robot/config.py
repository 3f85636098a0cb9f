"""What crm.toml says about a robot: [messaging.<name>] with adapter = "dingtalk" or "wecom"."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import attrs

from crmcore.hooks import ConfigError, Secret

CATALOG = "crmcore_notify_robot"


def _help(zh: str, en: str) -> dict[str, dict[str, str]]:
    return {"help": {"zh": zh, "en": en}}


def _address(_config: object, _field: attrs.Attribute[Any], url: str) -> None:
    """Vendors show the address with the token in it; pasted whole, the token would stand in an address that errors name."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise ConfigError("CRM-M611", catalog=CATALOG)
    if parts.query or "@" in parts.netloc:
        raise ConfigError("CRM-M612", catalog=CATALOG)


def _given(_config: object, field: attrs.Attribute[Any], value: Secret) -> None:
    """An empty token makes an address that belongs to nobody; a whole address is pasted where its end is wanted."""
    if not value.reveal().strip():
        raise ConfigError("CRM-M613", catalog=CATALOG, field=field.name)
    if "/" in value.reveal() or "=" in value.reveal():
        raise ConfigError("CRM-M614", catalog=CATALOG, field=field.name)


@attrs.frozen(kw_only=True)
class DingTalkConfig:
    """A custom robot of one DingTalk group."""

    access_token: Secret = attrs.field(
        validator=_given,
        metadata=_help(
            "机器人 Webhook 地址中 access_token= 之后的部分", "what follows access_token= in the robot's address"
        ),
    )
    secret: Secret = attrs.field(
        default=Secret(""),
        metadata=_help("安全设置为「加签」时的密钥，以 SEC 开头", "key of the security setting 加签, begins with SEC"),
    )
    keyword: str = attrs.field(
        default="",
        metadata=_help("安全设置为「自定义关键词」时的一个关键词", "one word of the security setting 自定义关键词"),
    )
    url: str = attrs.field(
        default="https://oapi.dingtalk.com/robot/send",
        validator=_address,
        metadata=_help("地址，不含 ? 之后的部分；使用代理时更改", "address without its query; change it for a relay"),
    )
    ca: Path | None = attrs.field(
        default=None, metadata=_help("自建证书机构的证书文件", "certificate file of a private authority")
    )


@attrs.frozen(kw_only=True)
class WeComConfig:
    """A robot of one WeCom group."""

    key: Secret = attrs.field(
        validator=_given,
        metadata=_help("机器人 Webhook 地址中 key= 之后的部分", "what follows key= in the robot's address"),
    )
    url: str = attrs.field(
        default="https://qyapi.weixin.qq.com/cgi-bin/webhook/send",
        validator=_address,
        metadata=_help("地址，不含 ? 之后的部分；使用代理时更改", "address without its query; change it for a relay"),
    )
    ca: Path | None = attrs.field(
        default=None, metadata=_help("自建证书机构的证书文件", "certificate file of a private authority")
    )
