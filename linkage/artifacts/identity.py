"""The identity family: how an account can be reached."""

from functools import cache
from importlib.resources import files

import ibis
import ibis.expr.types as ir

from linkage.artifacts.base import artifact_kind


@cache
def public_mail_services() -> frozenset[str]:
    """Domains at which anyone can have a mailbox: sharing one says nothing."""
    text = files("linkage.artifacts").joinpath("public_mail.txt").read_text("utf-8")
    return frozenset(line for line in text.splitlines() if line and not line.startswith("#"))


@artifact_kind(
    family="identity",
    column="email",
    m=0.4,
    plantable=False,
    label="EmailDomain",
    relationship="HAS_DOMAIN",
    parts=1,
)
def email_domain(value: ir.StringValue) -> ir.StringValue:
    """Both have a mailbox at the same domain, which is not a public mail service."""
    domain = value.strip().lower().re_extract(r"^[^@\s]+@([^@\s]+\.[^@\s.]+)\.?$", 1)
    return domain.isin(sorted(public_mail_services())).ifelse(ibis.null(str), domain.nullif(""))


@artifact_kind(
    family="identity",
    column="phone",
    m=0.5,
    plantable=False,
    label="Phone",
    relationship="HAS_PHONE",
    parts=1,
)
def phone(value: ir.StringValue) -> ir.StringValue:
    """Both gave the same telephone number."""
    return value.re_replace(r"[^0-9+]", "").re_replace(r"^00", "+").nullif("").nullif("+")
