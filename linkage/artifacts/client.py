"""The client family: what an account connects with."""

import ibis.expr.types as ir

from linkage.artifacts.base import artifact_kind, as_it_is


@artifact_kind(
    family="client",
    column="device_id",
    m=0.5,
    plantable=False,
    label="Device",
    relationship="USED_DEVICE",
    plain=True,
)
def device(value: ir.StringValue) -> ir.StringValue:
    """Both used the same device."""
    return as_it_is(value)


@artifact_kind(
    family="client",
    column="tls_fingerprint",
    m=0.5,
    plantable=True,
    label="TlsFingerprint",
    relationship="USED_TLS",
    within="device",
    plain=True,
)
def tls(value: ir.StringValue) -> ir.StringValue:
    """Both connected with the same TLS client fingerprint."""
    return as_it_is(value)


@artifact_kind(
    family="client",
    column="user_agent",
    m=0.5,
    plantable=True,
    label="UserAgent",
    relationship="USED_AGENT",
    within="tls",
    plain=True,
)
def user_agent(value: ir.StringValue) -> ir.StringValue:
    """Both named the same client program (user agent)."""
    return as_it_is(value)
