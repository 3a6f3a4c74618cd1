"""Where a webhook may lead: to addresses of the public internet, and to networks that the settings
name.

A receiver's address is written by whoever sets a webhook up, and its name is answered by whoever
holds the domain. What only this machine can reach must not be reached for them: databases, other
services' administration, a cloud's metadata.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


@dataclass(frozen=True)
class Special:
    """A network that is not the public internet, and what it is."""

    network: Network
    what: str


# IANA's registries of special-purpose addresses, and what clouds answer to inside alone. Python's
# `is_global` has changed between patches of one version, so that this is written down.
SPECIAL: tuple[Special, ...] = tuple(
    Special(ip_network(network), what)
    for network, what in (
        ("0.0.0.0/8", "unspecified"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "shared by a carrier's customers"),
        ("127.0.0.0/8", "loopback"),
        ("168.63.129.16/32", "a cloud's metadata"),
        ("169.254.0.0/16", "link-local, where clouds have their metadata"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "for protocols"),
        ("192.0.2.0/24", "for examples"),
        ("192.88.99.0/24", "a relay of 6to4"),
        ("192.168.0.0/16", "private"),
        ("198.18.0.0/15", "for measurements"),
        ("198.51.100.0/24", "for examples"),
        ("203.0.113.0/24", "for examples"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
        ("::/128", "unspecified"),
        ("::1/128", "loopback"),
        ("::ffff:0:0/96", "an IPv4 address in another form"),
        ("::/96", "an IPv4 address in another form"),
        ("64:ff9b::/96", "an IPv4 address behind NAT64"),
        ("64:ff9b:1::/48", "an IPv4 address behind NAT64"),
        ("100::/64", "discarded"),
        ("2001::/23", "for protocols, Teredo among them"),
        ("2001:db8::/32", "for examples"),
        ("2002::/16", "an IPv4 address by 6to4"),
        ("3fff::/20", "for examples"),
        ("5f00::/16", "for segment routing"),
        ("fc00::/7", "private"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "site-local"),
        ("ff00::/8", "multicast"),
    )
)
_GLOBAL_V6 = ip_network("2000::/3")  # what else of IPv6 there is, is not given to anybody


def refusal(address: Address, allowed: Iterable[Network]) -> str | None:
    """Why nothing may be sent to an address; None where it may.

    An address is looked at as it is connected to: an IPv4 address in the form of an IPv6 one is
    not in a network of IPv4 that is allowed.
    """
    if any(address in network for network in allowed if network.version == address.version):
        return None
    for special in SPECIAL:
        if special.network.version == address.version and address in special.network:
            return special.what
    if address.version == 6 and address not in _GLOBAL_V6:
        return "not of the public internet"
    return None if address.is_global else "not of the public internet"


def parsed(text: str) -> Address | None:
    """The address that is written here; None where it is a name."""
    try:
        return ip_address(text)
    except ValueError:
        return None


def is_special(network: Network) -> bool:
    """Whether all of a network is outside the public internet, so that naming it says which."""
    return any(
        network.version == special.network.version and network.subnet_of(special.network)  # type: ignore[arg-type]
        for special in SPECIAL
    )
