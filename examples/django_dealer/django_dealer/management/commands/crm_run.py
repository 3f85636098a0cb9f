"""`manage.py crm_run --yes`: what cron calls; as `crmcore run`, with the configuration of this project."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from django_dealer.apps import the_crm


class Command(BaseCommand):
    """Learn, decide, speak."""

    help = "Reads the DMS, takes in replies, plans, and sends what is due; without --yes nothing leaves."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """`--yes`."""
        parser.add_argument("--yes", action="store_true", help="really send")

    def handle(self, *_: Any, **options: Any) -> None:
        """Run, and say what came of it."""
        done = the_crm().run(yes=options["yes"])
        read = sum(each.read for each in done.sync.sources)
        self.stdout.write(f"read {read}, texts {done.send.counts()}")
