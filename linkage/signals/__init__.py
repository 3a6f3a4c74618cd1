"""Signals: named findings about a group, each an answer to one of three questions.

operation  Is it one operation?
lives      Have the members no lives of their own?
pretend    Do they pretend to be many?

A signal more is one function more in this table.
"""

from linkage.signals.base import Groups, Question, Signal, signal
from linkage.signals.lives import own_device, own_home, own_hours, own_prompts
from linkage.signals.operation import (
    even_load,
    many_templates,
    one_client,
    round_the_clock,
    shared_work,
    signup_bursts,
)
from linkage.signals.pretend import openness, strangers_at_one_work

SIGNALS: tuple[Signal, ...] = (
    shared_work,
    many_templates,
    one_client,
    even_load,
    round_the_clock,
    signup_bursts,
    own_device,
    own_home,
    own_prompts,
    own_hours,
    strangers_at_one_work,
)
# Kinds of which signals ask how many events carry one.
CARRIED = ("ip", "device", "payment", "email_domain", "template")
QUESTIONS: tuple[str, ...] = ("operation", "lives", "pretend")

__all__ = ["CARRIED", "QUESTIONS", "SIGNALS", "Groups", "Question", "Signal", "openness", "signal"]
