"""Plugins that are asked before a text leaves: no answer that counts is no permission, and no plugin ends the run."""

from __future__ import annotations

import pytest

from crmcore.hooks import hookimpl
from crmcore.hooks.manager import Plugins, Problem
from crmcore.types.contact import Message, MessageClass, Refuse, Send
from crmcore.types.customer import Customer

MESSAGE = Message(id="M1", to="+8613800130001", text="您好", message_class=MessageClass.CARE)
CUSTOMER = Customer(id="C1", full_name="王小明")


def guard(answer):
    """A plugin that answers, or raises, the same to everything."""

    class Guard:
        @hookimpl
        def crmcore_before_send(self, message, customer):
            if isinstance(answer, BaseException):
                raise answer
            return answer

    return Guard()


def ask(plugin):
    plugins = Plugins([plugin])
    (name,) = (each for each in plugins.guards() if "Guard" in each)
    return plugins, plugins.before_send(name, MESSAGE, CUSTOMER)


@pytest.mark.parametrize("answer", [None, Refuse("ON_THE_LIST")])
def test_hook_crmcore_before_send_is_taken_at_its_word(answer):
    """Nothing speaks against it, or the reason why it must not leave."""
    plugins, said = ask(guard(answer))

    assert answer == said
    assert [] == plugins.warnings


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (ValueError("王小明 13800130001"), "ValueError"),
        (SystemExit(3), "SystemExit"),
        (GeneratorExit(), "GeneratorExit"),
        (True, "returned bool, neither Refuse nor None"),
        (False, "returned bool, neither Refuse nor None"),
        ("ON_THE_LIST", "returned str, neither Refuse nor None"),
        (Send(), "returned Send, neither Refuse nor None"),
        (Refuse("王小明 is on the list"), "Refuse.why is no code in UPPER_SNAKE"),
        (Refuse(""), "Refuse.why is no code in UPPER_SNAKE"),
        (Refuse("A\n"), "Refuse.why is no code in UPPER_SNAKE"),
        (Refuse(None), "Refuse.why is no code in UPPER_SNAKE"),
        (Refuse("A" * 61), "Refuse.why is no code in UPPER_SNAKE"),
    ],
)
def test_whatever_else_a_plugin_does_is_a_failure_that_quotes_nothing(answer, error):
    """An exception, an exit, rubbish: the plugin is named with the kind of its failure, and nobody has said yes."""
    plugins, said = ask(guard(answer))

    assert isinstance(said, Problem)
    assert ("send", error) == (said.stage, said.error)
    assert (said,) == plugins.warned("send")
    assert "王小明" not in repr(plugins.warnings)
    assert () == plugins.warned("find")


def test_the_person_at_the_keyboard_passes():
    """Ctrl-C ends the run and is no failure of the plugin."""
    with pytest.raises(KeyboardInterrupt):
        ask(guard(KeyboardInterrupt()))


def test_a_plugin_takes_of_the_arguments_what_it_wants():
    """A hook may name one argument, or none, in any order."""

    class OnlyGuard:
        @hookimpl
        def crmcore_before_send(self, customer):
            return Refuse(customer.id)

    class TurnedGuard:
        @hookimpl
        def crmcore_before_send(self, customer, message):
            return Refuse(customer.id + message.id)

    assert [Refuse("C1"), Refuse("C1M1")] == [ask(each)[1] for each in (OnlyGuard(), TurnedGuard())]


def test_guards_are_asked_in_the_order_in_which_they_were_handed_over():
    """The first comes first."""

    class SecondGuard:
        @hookimpl
        def crmcore_before_send(self):
            return None

    names = Plugins([guard(None), SecondGuard()]).guards()

    assert ["Guard", "SecondGuard"] == [name.rpartition(".")[2] for name in names]
