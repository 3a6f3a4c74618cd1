"""Examples for the OpenAPI document: of each shape and each parameter, one that could be so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_SIGNAL = {
    "name": "shared_work", "question": "operation", "value": 17.3, "usual": 0.1, "rank": 0.004,
    "text": "a member has 17.3 templates in common with others that hardly anyone outside uses",
}  # fmt: skip
_CLUSTER = {
    "cluster_id": "ccb0d61917f2a5c3e", "accounts": 17, "events": 9120, "score": 2.9,
    "expected": 0.0013, "proposal": "ban", "p_operation": 0.004, "p_lives": 0.004,
    "p_pretend": 0.009, "note": None, "signals": [_SIGNAL],
    "first_seen": "2026-06-01T08:11:02Z", "last_seen": "2026-06-30T23:50:44Z", "state": "watched",
}  # fmt: skip
_DECISION = {
    "number": 12, "at": "2026-07-01T09:30:00Z", "actor": "ana (k3f9)", "action": "watch",
    "reason": "ask the payment team", "run": "r52d84b7733e48bc9",
    "cluster_id": "ccb0d61917f2a5c3e", "accounts": 16, "others": 0,
}  # fmt: skip
_MEMBER = {
    "account_id": "a_1", "cluster_id": "ccb0d61917f2a5c3e", "confidence": 33.6,
    "proposal": "ban", "held_by": None,
}  # fmt: skip
_SEEN = {"first_seen": "2026-06-01T08:11:02Z", "last_seen": "2026-06-30T23:50:44Z"}
_EVIDENCE = {
    "kind": "device", "value": "d-9", "events": 41, **_SEEN, "accounts": 3, "degree": 3,
}  # fmt: skip
_SHARED = {
    "kind": "device", "value": "d-9", "family": "client", "accounts": 3, "degree": 3,
    "excess": 1.0, "bits": 11.3, "place": 1, "counted": 11.3, "meaning": "Both used one device.",
}  # fmt: skip
_HOLDER = {
    "account_id": "a_1", "events": 41, **_SEEN, "cluster_id": "ccb0d61917f2a5c3e",
    "proposal": "ban",
}  # fmt: skip
_NOTE = {
    "number": 3, "at": "2026-07-01T09:31:00Z", "actor": "ana (k3f9)",
    "cluster_id": "ccb0d61917f2a5c3e", "text": "same starter prompts as last month",
}  # fmt: skip
_ALLOWED = {
    "sort": "artifact", "kind": "subnet", "value": "192.0.2.0/24", "reason": "a campus",
    "expires": "2027-01-01T00:00:00Z", "actor": "ana (k3f9)", "at": "2026-07-01T09:32:00Z",
}  # fmt: skip
_JOB = {
    "id": "j00000007", "state": "running", "actor": "nightly (4f0c)",
    "asked": "2026-07-01T05:50:00Z", "begun": "2026-07-01T05:50:01Z", "ended": None, "attempts": 1,
    "fraction": 0.1, "run": None, "fault": None,
    "stages": [
        {"stage": "events", "fraction": 1.0, "seconds": 3.7},
        {"stage": "activity", "fraction": 0.0, "seconds": None},
    ],
}  # fmt: skip
_LIST_HEAD = {
    "format": 1, "channel": "bans", "number": 12, "previous": "5e" * 32,
    "published_at": "2026-07-01T06:10:00.000000+00:00", "actor": "nightly (4f0c)",
    "override": None, "run": "r52d84b7733e48bc9", "decisions": 12, "rows": 402,
    "digest": "0b" * 32,
}  # fmt: skip
_SIGNED = {"head": _LIST_HEAD, "hash": "a7" * 32, "signature": "c4" * 64}
_LISTED = {
    "account_id": "a_1", "action": "ban", "reasons": ["network", "shared_work"],
    "cluster_id": "ccb0d61917f2a5c3e", "score": 3.2, "confidence": 33.6, "decision": None,
    "listed_at": "2026-06-30T06:10:00.000000+00:00",
    "expires_at": "2026-07-31T06:10:00.000000+00:00",
}  # fmt: skip
_COLLATERAL = {
    "entries": 402, "actions": {"ban": 380, "limit": 22}, "added": 14, "removed": 2, "changed": 1,
    "share": 0.0201, "allowed": 0, "vouched": 1, "held": {}, "organisations": [], "spared": 1,
    "undecided": 48, "hours": 6.2,
    "limits": [{"name": "most_share", "value": 0.0201, "most": 0.05, "over": False}],
    "clusters": [{
        "cluster_id": "ccb0d61917f2a5c3e", "listed": 48, "new": 2,
        "signals": [{"name": "shared_work", "text": _SIGNAL["text"]}],
        "templates": [{
            "template_id": "7f1c02b94d3ae865", "words": "Sum up {…} for {…} in three lines.",
            "members": 46, "accounts": 47,
        }],
    }],
    "left_out": 0,
}  # fmt: skip
_LATEST = {
    "channel": "bans", "number": 12, "published_at": _LIST_HEAD["published_at"],
    "age_seconds": 310.5,
}  # fmt: skip
_DELIVERY = {
    "number": 41, "message": "msg_5d3c1a0f6e2b4987a1c0d4e8f7b69a23", "webhook": "gateway",
    "kind": "list.published", "at": "2026-07-01T06:00:00Z", "state": "dead",
    "since": "2026-07-01T06:00:00Z", "due": "2026-07-04T05:58:11Z", "attempts": 82,
    "ended": "2026-07-04T05:58:12Z", "status": 500, "fault": "it answered 500: out of disk",
}  # fmt: skip
_ENTRY = ("sort", "kind", "value", "reason", "expires")

SHAPES: Mapping[str, Mapping[str, Any]] = {
    "Account": {
        "account_id": "a_1",
        "membership": _MEMBER,
        "activity": {
            "events": 210, "days": 19, **_SEEN, "signed_up": "2026-06-01T08:11:02Z",
            "hours": [9, 8, 9, 9, 8, 9, 9, 9, 8, 9, 9, 9, 9, 8, 9, 9, 9, 8, 9, 9, 9, 8, 9, 9],
            "organisation": None, "claimed": "acme", "own_prompts": 0.02,
        },
        "evidence": [_EVIDENCE],
        "state": "watched",
        "decisions": [_DECISION],
        "cleared": {
            "decision": 4, "renewed": True, "over": 6.2,
            "new_evidence": [{"kind": "device", "value": "d-9", "bits": 11.3}],
        },
    },
    "AllowlistAsked": {"entries": [{k: _ALLOWED[k] for k in _ENTRY}]},
    "NoteAsked": {"text": _NOTE["text"]},
    "Allowlist": {"version": "9f86d081884c7d659a2feaa0c55ad015", "entries": [_ALLOWED]},
    "ArtifactHolders": {
        "kind": "device", "value": "d-9", "accounts": 3, "degree": 3,
        "holders": {"rows": [_HOLDER], "next": None},
    },
    "BanList": {"head": _LIST_HEAD, "signature": _SIGNED["signature"], "entries": [_LISTED]},
    "Cluster": _CLUSTER,
    "Collateral": _COLLATERAL,
    "DraftAsked": {"channel": "bans"},
    "Drafted": {
        "channel": "bans", "number": 12, "digest": "3d" * 32, "run": "r52d84b7733e48bc9",
        "over": [], "report": _COLLATERAL,
    },
    "PublishAsked": {"channel": "bans", "digest": "3d" * 32},
    "SignedHead": _SIGNED,
    "ListChanges": {
        "channel": "bans", "since": 11, "number": 12, "heads": [_SIGNED], "listed": [_LISTED],
        "unlisted": ["a_7"],
        "holds": {"at": "2026-07-01T06:15:10.500000+00:00", "entries": 402, "digest": "9e" * 32},
    },
    "LookupAsked": {"accounts": ["a_1", "a_2"]},
    "LookedUp": {**_LATEST, "account_id": "a_1", "entry": _LISTED},
    "LookedUpAll": {**_LATEST, "entries": {"a_1": _LISTED, "a_2": None}},
    "ClusterDetail": {
        **_CLUSTER,
        "decisions": [_DECISION],
        "change": {
            "since": _DECISION, "joined": 1, "left": 0, "some_joined": ["a_99"], "some_left": [],
            "expected_then": 0.002, "expected_now": 0.0013, "proposal_then": "ban",
            "proposal_now": "ban",
        },
    },
    "Decision": _DECISION,
    "Delivery": _DELIVERY,
    "DecisionDetail": {**_DECISION, "cluster": {"cluster_id": "ccb0d61917f2a5c3e", "accounts": 16}},
    "Erased": {
        "tombstone": "erased-" + "q" * 26, "events": 812, "runs": 2, "snapshots": 1, "lists": 3,
        "rows": 4, "vault": 5,
    },
    "Explanation": {
        "a": "a_1", "b": "a_2", "organisations": [None, None], "shared": [_SHARED],
        "families": [
            {"family": "client", "counted": 11.3, "bits": 11.3, "cap": 14.3}
        ],
        "bits": 11.3, "cap": 14.3, "threshold": 17.3, "linked": False, "missing": 6.0,
        "verdict": "Not linked: what they share weighs 11.30 bits, 6.00 short of the 17.30.",
    },
    "Health": {"status": "ok", "parts": {"graph": "ok", "state": "ok", "workspace": "ok"}},
    "Ingested": {
        "accepted": 2, "repeated": 0, "rejected": 1,
        "rejects": [{"line": 3, "reason": "time does not parse"}],
    },
    "Job": _JOB,
    "Links": {
        "rows": [{
            "account_a": "a_1", "account_b": "a_2", "bits": 24.1,
            "families": {"client": 11.3, "money": 12.8}, "reasons": [_SHARED],
        }],
        "left_out": 44,
    },
    "Neighbourhood": {
        "nodes": [
            {"thing": {"sort": "account", "id": "a_1", "kind": None}, "label": "Account",
             "properties": {"events": 210}},
            {"thing": {"sort": "artifact", "id": "d-9", "kind": "device"}, "label": "Device",
             "properties": {"accounts": 3}},
        ],
        "edges": [{
            "source": {"sort": "account", "id": "a_1", "kind": None},
            "target": {"sort": "artifact", "id": "d-9", "kind": "device"},
            "kind": "used", "type": "USED_DEVICE", "properties": {"events": 41},
        }],
        "left_out": [],
    },
    "Note": _NOTE,
    "Run": {
        "id": "r52d84b7733e48bc9", "version": "0.1.0",
        "counts": {"accounts": 20000, "links": 12345, "clusters": 210, "listed": 402},
        "thresholds": {"link_bits": 17.3, "group_accounts": 5, "ban_expected": 0.05,
                       "review_expected": 10},
        "published": "2026-07-01T06:00:00Z",
    },
    "Statement": {
        "account_id": "a_1", "state": "open",
        "text": "This account was found to belong together with 16 other accounts.",
        "findings": ["This account was found to belong together with 16 other accounts."],
        "ties": [{"kind": "device", "artifacts": 1, "meaning": "Both used one device."}],
    },
    "Timeline": {
        "cluster_id": "ccb0d61917f2a5c3e", "size": "day", "events": 9120, "hours": [380] * 24,
        "buckets": [
            {"start": "2026-06-01T00:00:00Z", "arrived": 4, "left": 0, "known_events": 9}
        ],
    },
}  # fmt: skip

PAGES: Mapping[str, Mapping[str, Any]] = {
    "Delivery": _DELIVERY,
    "Cluster": _CLUSTER,
    "Decision": _DECISION,
    "Job": _JOB,
    "Held": {"account_id": "a_1", **_EVIDENCE},
    "MemberState": {**_MEMBER, "state": "watched"},
    "Note": _NOTE,
    "SignedHead": _SIGNED,
    "Shared": {
        "kind": "device", "value": "d-9", "members": 3, "accounts": 3, "events": 120, **_SEEN,
    },
}  # fmt: skip

PARAMETERS: Mapping[str, Any] = {
    "a": "a_1",
    "account_id": "a_1",
    "b": "a_2",
    "cluster_id": "ccb0d61917f2a5c3e",
    "collection_id": "bans",
    "object_id": "indicator--8f4ae0b5-6a0e-4c3f-9d6c-0f5d3f0f4b6a",
    "job_id": "j00000007",
    "kind": "device",
    "number": 12,
    "value": "d-9",
    "Idempotency-Key": "ticket-4711",
    "If-Match": '"9f86d081884c7d659a2feaa0c55ad015"',
}


def add(document: dict[str, Any]) -> None:
    """Put the examples into an OpenAPI document."""
    shapes = document["components"]["schemas"]
    for name, example in SHAPES.items():
        if name in shapes:
            shapes[name]["example"] = example
    for name, row in PAGES.items():
        if f"Page_{name}_" in shapes:
            shapes[f"Page_{name}_"]["example"] = {"rows": [row], "next": None}
    for path in document["paths"].values():
        for operation in path.values():
            for parameter in operation.get("parameters", ()):
                if parameter["name"] in PARAMETERS:
                    parameter["example"] = PARAMETERS[parameter["name"]]
