"""What each command is called in a program: `crmcore proposals accept` is `crm.proposals.accept`."""

from __future__ import annotations

#: Commands that a program says in another way; of all others the words are the names, "complaints assign" `crm.complaints.assign`.
CALLED = {
    "report daily": "report",
    "report csi": "reports.csi",
    "report board": "reports.board",
    "report calls": "reports.calls",
    "callbacks list": "callbacks.due",
    "callbacks import": "callbacks.take_in",
    "touchpoints list": "touchpoints.find",
    "messages list": "messages.find",
    "replies list": "messages.replies",
    "replies close": "messages.close_reply",
    "surveys list": "surveys.in_use",
    "surveys show": "surveys.get",
    "surveys invite": "invite",
    "surveys flags": "surveys.flagged",
    "customer show": "customers.get",
    "customer correct": "customers.correct",
    "customer optout": "customers.opt_out",
    "customer optin": "customers.opt_in",
    "customer merge": "customers.merge",
    "customer split": "customers.split",
    "customer retire": "customers.retire",
    "complaints list": "complaints.find",
    "complaints show": "complaints.get",
    "complaints open": "complaints.register",
    "complaints callback": "complaints.call_back",
    "alerts list": "alerts.find",
    "proposals list": "proposals.find",
    "rejects list": "rejects.find",
    "privacy export": "customers.export",
    "privacy erase": "customers.erase",
    "rework list": "rework.look_up",
    "actions list": "actions.find",
    "actions set": "actions.move",
    "meetings list": "meetings.find",
    "staff list": "staff.members",
    "events": "events.since",
}
#: Commands that a program has no use for -> why.
NOT_CALLED = {
    "demo": "It plays a dealer that is made up; `crmcore.testing` has him for tests.",
    "init": "It writes a first crm.toml; a program hands over its settings.",
    "doctor": "It looks at what would keep a `Crm` from being opened.",
    "metrics list": "What figures mean is the same for every dealer: [metrics](metrics.md).",
    "metrics show": "What figures mean is the same for every dealer: [metrics](metrics.md).",
    "plugins list": "It looks at the machine; a program hands over its adapters and hooks.",
    "plugins show": "It looks at the machine; a program hands over its adapters and hooks.",
    "plugins check": "It asks vendors by hand.",
    "plugins matrix": "It is for who publishes a plugin.",
    "plugins new": "It is for who begins a plugin.",
    "serve": "A program that has a web server passes pushes to `crm.handle_webhook`.",
    "db upgrade": "It opens a store that a `Crm` refuses.",
    "db backup": "It copies the store as it is, also one that a `Crm` refuses.",
}


def called(command: str) -> str | None:
    """What a command is called behind `crm.`, e.g. "proposals.accept"; None where it is not."""
    return None if command in NOT_CALLED else CALLED.get(command, command.replace(" ", "."))
