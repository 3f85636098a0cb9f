"""What crm.toml says about a gateway: [messaging.<name>] with adapter = "gateway"."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import attrs

from crmcore.hooks import ConfigError, Secret
from crmcore.types.contact import Scope

CATALOG = "crmcore_sms_gateway"


def _help(zh: str, en: str) -> dict[str, dict[str, str]]:
    return {"help": {"zh": zh, "en": en}}


@attrs.frozen(kw_only=True)
class Answer:
    """How the answer of a JSON gateway is read; paths are dotted, with indexes: "data.0.id"."""

    status: tuple[int, ...] = attrs.field(
        default=(200,), metadata=_help("表示受理的 HTTP 状态", "HTTP statuses that can mean accepted")
    )
    ok: Mapping[str, str] = attrs.field(
        factory=dict, metadata=_help("受理时各路径的值", "values by path that mean accepted, all of them")
    )
    ref: str = attrs.field(default="", metadata=_help("网关消息编号的路径", "path of the gateway's id"))
    code: str = attrs.field(default="", metadata=_help("结果代码的路径", "path of the result code"))
    rejected: Mapping[str, Scope] = attrs.field(
        factory=dict,
        metadata=_help("永久拒绝的代码及范围：RECIPIENT、BATCH、ACCOUNT", "codes that refuse for good, with scope"),
    )
    deferred: Mapping[str, int] = attrs.field(
        factory=dict, metadata=_help("未受理、稍后再试的代码及秒数", "codes that mean later, with seconds")
    )


@attrs.frozen(kw_only=True)
class Receipts:
    """How pushed delivery reports of a JSON gateway are read."""

    items: str = attrs.field(
        default="", metadata=_help("回执列表的路径，空为正文本身", "path of the list; empty: the body itself")
    )
    key: str = attrs.field(default="", metadata=_help("本方编号的路径", "path of our key"))
    ref: str = attrs.field(default="", metadata=_help("网关消息编号的路径", "path of the gateway's id"))
    state: str = attrs.field(default="", metadata=_help("状态的路径", "path of the state"))
    code: str = attrs.field(default="", metadata=_help("状态说明的路径", "path of the status text"))
    delivered: tuple[str, ...] = attrs.field(default=(), metadata=_help("表示送达的状态", "states that mean delivered"))
    failed: tuple[str, ...] = attrs.field(default=(), metadata=_help("表示失败的状态", "states that mean failed"))
    pending: tuple[str, ...] = attrs.field(default=(), metadata=_help("尚未确定的状态", "states that are not final"))
    dead: tuple[str, ...] = attrs.field(
        default=(), metadata=_help("表示号码本身无效的说明", "status texts that mean the number itself is at fault")
    )
    answer: str = attrs.field(default="", metadata=_help("应答正文", "body to answer with"))


@attrs.frozen(kw_only=True)
class Replies:
    """How pushed texts of customers are read from a JSON gateway."""

    items: str = attrs.field(
        default="", metadata=_help("回复列表的路径，空为正文本身", "path of the list; empty: the body itself")
    )
    sender: str = attrs.field(default="", metadata=_help("发送号码的路径", "path of the sender's number"))
    text: str = attrs.field(default="", metadata=_help("内容的路径", "path of the text"))
    id: str = attrs.field(default="", metadata=_help("网关编号的路径", "path of the gateway's id"))
    answer: str = attrs.field(default="", metadata=_help("应答正文", "body to answer with"))


@attrs.frozen(kw_only=True)
class GatewayConfig:
    """One account at one gateway."""

    url: str = attrs.field(repr=False, metadata=_help("网关地址", "address of the gateway"))
    form: Literal["kannel", "json"] = attrs.field(default="kannel", metadata=_help("协议", "protocol"))
    username: str = attrs.field(default="", metadata=_help("用户名", "user name"))
    password: Secret = attrs.field(default=Secret(""), metadata=_help("密码", "password"))
    sender: str = attrs.field(
        default="", metadata=_help("发送号码；空则由网关决定", "sender; empty: the gateway's own")
    )
    smsc: str = attrs.field(
        default="", metadata=_help("Kannel 的 smsc 编号；写错不会报错", "Kannel's smsc id; a wrong one is not reported")
    )
    max_segments: int = attrs.field(
        default=6,
        metadata=_help(
            "最多拆成几条，须不大于 Kannel 的 max-messages", "parts at most; not above Kannel's max-messages"
        ),
    )
    number_format: Literal["national", "international", "e164"] = attrs.field(
        default="national",
        metadata=_help("号码写法：13800138000、8613800138000、+8613800138000", "how numbers are written"),
    )
    country_code: str = attrs.field(
        default="86", metadata=_help("本国区号，用于 national", "country code that `national` leaves out")
    )
    dlr: bool = attrs.field(default=True, metadata=_help("是否要求送达回执", "ask for delivery reports"))
    ca: Path | None = attrs.field(
        default=None, metadata=_help("自建证书机构的证书文件", "certificate file of a private authority")
    )
    probe: bool = attrs.field(
        default=True,
        metadata=_help(
            "json：doctor 是否以 OPTIONS 询问网关；网关以网页回答时设为 false",
            "json: may doctor ask by OPTIONS; false for a gateway that answers it with a page",
        ),
    )
    method: Literal["POST", "GET", "PUT"] = attrs.field(
        default="POST", metadata=_help("json：请求方法", "json: method")
    )
    encode: Literal["json", "form", "query"] = attrs.field(
        default="json", metadata=_help("json：body 的编码", "json: how `body` travels")
    )
    headers: Mapping[str, str] = attrs.field(factory=dict, repr=False, metadata=_help("json：请求头", "json: headers"))
    body: Mapping[str, Any] = attrs.field(
        factory=dict,
        repr=False,
        metadata=_help(
            "json：请求内容，可用 {to} {text} {key} {callback} {sender} {username} {password}",
            "json: the request; {to} {text} {key} {callback} {sender} {username} {password} are filled in",
        ),
    )
    answer: Answer = attrs.field(factory=Answer, metadata=_help("json：应答的读法", "json: how the answer is read"))
    receipts: Receipts | None = attrs.field(
        default=None, metadata=_help("json：回执的读法", "json: how delivery reports are read")
    )
    replies: Replies | None = attrs.field(
        default=None, metadata=_help("json：回复的读法", "json: how replies are read")
    )

    def __attrs_post_init__(self) -> None:
        if urlsplit(self.url).scheme not in {"http", "https"} or not urlsplit(self.url).hostname:
            raise ConfigError("CRM-G301", catalog=CATALOG)
        if not 1 <= self.max_segments <= 255:
            raise ConfigError("CRM-G302", catalog=CATALOG, value=self.max_segments)
        if self.form == "json":
            self._check_json()

    def _check_json(self) -> None:
        """A text without number or content, or success by status alone, is a mistake that would show only later."""
        written = repr((self.body, self.headers))
        missing = [name for name in ("{to}", "{text}") if name not in written]
        if missing:
            raise ConfigError("CRM-G303", catalog=CATALOG, missing=" ".join(missing))
        if not self.answer.ok:
            raise ConfigError("CRM-G304", catalog=CATALOG)
