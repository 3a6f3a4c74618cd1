"""The network family: where an account connects from."""

import ibis
import ibis.expr.types as ir

from linkage.artifacts.base import artifact_kind
from linkage.artifacts.pseudonyms import first_parts, is_pseudonym

IPV4 = r"^(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(\.(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}$"
IPV6_HEX = r"^[0-9a-f]{1,4}(:[0-9a-f]{1,4}){7}$"
IPV6_SHORT = r"^([0-9a-f]{1,4}(:[0-9a-f]{1,4})*)?::([0-9a-f]{1,4}(:[0-9a-f]{1,4})*)?$"
MAPPED_IPV4 = r"^(0:0:0:0:0:|::)ffff:(\d+\.\d+\.\d+\.\d+)$"


def normal_ip(value: ir.StringValue) -> ir.StringValue:
    """One spelling for one address; null where it is none.

    IPv4 as four numbers (also where it came as IPv4-mapped IPv6), IPv6 as eight groups
    without leading zeros: comparing texts then compares addresses.
    """
    return value.re_search(IPV4).ifelse(value, _unusual_ip(value.strip().lower()))


def _unusual_ip(text: ir.StringValue) -> ir.StringValue:
    """Any other spelling; apart, so that the usual one costs one match."""
    mapped = text.re_search(MAPPED_IPV4).ifelse(text.re_replace(r"^.*:", ""), text)
    return ibis.cases(
        (mapped.re_search(IPV4), mapped),
        (text.re_search(IPV6_HEX) | text.re_search(IPV6_SHORT), _eight_groups(text)),
        else_=ibis.null(str),
    )


def _eight_groups(text: ir.StringValue) -> ir.StringValue:
    """`2001:db8::1` -> `2001:db8:0:0:0:0:0:1`; null where there are more than eight groups."""
    head, tail = text.split("::")[0], ibis.coalesce(text.split("::")[1], "")
    missing = 8 - _groups(head) - _groups(tail)
    zeros = ibis.literal("0:").repeat(missing)
    joined = ibis.ifelse(head == "", "", head + ":") + zeros + tail
    whole = ibis.ifelse(text.contains("::"), joined, text).re_replace(r":$", "")
    # A second pass would be needed for neighbours that share a colon, so it is matched ahead.
    short = whole.re_replace(r"(^|:)0+([0-9a-f])", r"\1\2")
    return (text.contains("::") & (missing < 1)).ifelse(ibis.null(str), short)


def _groups(part: ir.StringValue) -> ir.IntegerValue:
    return ibis.ifelse(part == "", 0, part.length() - part.replace(":", "").length() + 1)


def subnet_of(ip: ir.StringValue) -> ir.StringValue:
    """The subnet that holds an address: /24 of IPv4, /48 of a /64; of a pseudonym, its first
    part."""
    return ibis.cases(
        (ip.contains(":"), ip.re_extract(r"^([^:]*:[^:]*:[^:]*)", 1) + "::/48"),
        (is_pseudonym(ip), first_parts(ip, 1)),
        else_=ip.re_replace(r"\.[0-9]+$", ".0/24"),
    )


@artifact_kind(
    family="network",
    column="ip",
    m=0.3,
    plantable=True,
    label="IP",
    relationship="USED_IP",
    spelled=normal_ip,
    within="subnet",
    container=subnet_of,
    parts=2,
)
def ip(address: ir.StringValue) -> ir.StringValue:
    """Both used the same IP address (of IPv6, the same /64)."""
    return address.contains(":").ifelse(
        address.re_extract(r"^([^:]*:[^:]*:[^:]*:[^:]*)", 1) + "::/64", address
    )


@artifact_kind(
    family="network",
    column="ip",
    m=0.3,
    plantable=True,
    label="Subnet",
    relationship="USED_SUBNET",
    spelled=normal_ip,
    parts=1,
)
def subnet(address: ir.StringValue) -> ir.StringValue:
    """Both used addresses of the same subnet (IPv4 /24, IPv6 /48)."""
    return subnet_of(address)
