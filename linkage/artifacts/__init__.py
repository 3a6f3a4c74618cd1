"""Artifact kinds: the things that accounts can share, and how much sharing one says.

`BUILT_IN` is the registry; a kind more is one function more. Any other event column becomes
a kind in `linkage.toml`, without code (`declared`).
"""

from linkage.artifacts.base import ArtifactKind, artifact_kind, as_it_is
from linkage.artifacts.client import device, tls, user_agent
from linkage.artifacts.content import template
from linkage.artifacts.conversation import conversation
from linkage.artifacts.identity import email_domain, phone
from linkage.artifacts.money import payment
from linkage.artifacts.network import ip, subnet

BUILT_IN: tuple[ArtifactKind, ...] = (
    ip,
    subnet,
    device,
    tls,
    user_agent,
    payment,
    email_domain,
    phone,
    template,
    conversation,
)

__all__ = ["BUILT_IN", "ArtifactKind", "artifact_kind", "declared"]


def label_of(name: str) -> str:
    """What nodes of a kind that the settings declare are labelled in the graph."""
    return "".join(word.capitalize() for word in name.split("_"))


def declared(
    name: str,
    *,
    column: str,
    family: str,
    m: float,
    plantable: bool,
    names_account: bool,
    alone: bool,
) -> ArtifactKind:
    """A kind that the settings declare: the column's text is the artifact."""
    if names_account:
        explanation = f"Both dealt with the same account ({name}), or one with the other."
    else:
        explanation = f"Both have the same {name.replace('_', ' ')}."
    return ArtifactKind(
        name=name,
        family=family,
        column=column,
        m=m,
        plantable=plantable,
        label=label_of(name),
        relationship=f"HAS_{name.upper()}",
        explanation=explanation,
        read=as_it_is,
        names_account=names_account,
        plain=True,
        alone=alone,
    )
