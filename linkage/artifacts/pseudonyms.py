"""What keyed pseudonyms look like, so that kinds can be read from events that hold them.

A pseudonym is made of parts: `~` and 26 characters. An address is `~SUBNET~HOST`, so that its
subnet can be told without a key; a value that is no artifact (a mailbox of a public service) is
`~` alone. Which values are pseudonyms, nobody can tell from their form: whoever takes in events
from outside hashes them whatever they look like (`linkage.privacy`).
"""

import ibis.expr.types as ir

MARK = "~"
PART = "~[a-z2-7]{26}"
FORM = rf"^({PART}|~)+$"


def is_pseudonym(value: ir.StringValue) -> ir.BooleanValue:
    """Whether a value has the form."""
    return value.re_search(FORM)


def first_parts(value: ir.StringValue, count: int) -> ir.StringValue:
    """The first parts of a pseudonym; null where one of them is missing."""
    return value.re_extract(rf"^(?:{PART}){{{count}}}", 0).nullif("")


def last_part(value: ir.StringValue) -> ir.StringValue:
    """The last part of a pseudonym, which stands for the whole of what was given."""
    return value.re_extract(rf"{PART}$", 0).nullif("")
