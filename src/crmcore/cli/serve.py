"""crmcore serve: take what vendors push, until it is stopped."""

from __future__ import annotations

import socket

import click

from crmcore.cli.frame import Command
from crmcore.cli.state import State
from crmcore.errors import ConfigError


@click.command("serve", cls=Command)
@click.option("--host", metavar="ADDRESS")
@click.option("--port", type=click.IntRange(0, 65535))
@click.pass_obj
def command(state: State, host: str | None, port: int | None) -> None:
    """Stored durably before it is answered."""
    from crmcore.contrib.serve import BACKLOG, make_server

    crm = state.crm
    serve = crm.config.served()
    address = (host or serve.host, serve.port if port is None else port)
    server = make_server(crm.receive, serve.secret.reveal(), host=address[0], port=address[1])
    try:
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        listening = socket.create_server(address, family=family, backlog=BACKLOG)
    except OSError as error:
        raise ConfigError("CRM-W202", at=f"{address[0]}:{address[1]}", why=type(error).__name__) from None
    with listening:
        state.note(state.say("serve.listening", url=serve.public_url))
        server.run(sockets=[listening])
