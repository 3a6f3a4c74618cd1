"""The columns of an event."""

import ibis

TIME = "timestamp('UTC')"

SCHEMA = ibis.schema(
    {
        "event_id": "string",
        "ts": TIME,
        "account_id": "string",
        "type": "string",
        "ip": "string",
        "device_id": "string",
        "user_agent": "string",
        "tls_fingerprint": "string",
        "payment_id": "string",
        "email": "string",
        "phone": "string",
        "org_id": "string",
        "org_verified": "boolean",
        "access_path": "string",
        "conversation_id": "string",
        "prompt": "string",
        "prompt_fingerprint": "string",
        "prompt_template": "string",
        "model": "string",
        "input_tokens": "int64",
        "output_tokens": "int64",
    }
)
"""One row an event: one observed action of one account at one time. Units in brackets.

    event_id            names the event; where it is there, a repeated one counts once
    ts                  when [UTC, microseconds]; required
    account_id          who; required
    type                signup, login, request, payment, rate_limited, banned, ...
    ip                  address that the account connected from, as it came
    device_id           device or installation
    user_agent          client program, as it names itself
    tls_fingerprint     of the TLS client (JA3, JA4)
    payment_id          card or account that paid, already tokenised
    email               mailbox of the account
    phone               telephone number of the account
    org_id              organisation that the account says it belongs to
    org_verified        the platform has verified that it does
    access_path         api, a cloud platform, web, ...
    conversation_id     conversation that the request belongs to
    prompt              text of the prompt; only read to find what it was made from
    prompt_fingerprint  stands for the text where that may not be kept
    prompt_template     what the prompt was made from, where the platform knows
    model               model that was asked
    input_tokens        length of the prompt [tokens]
    output_tokens       length of the answer [tokens]
"""

REQUIRED = ("ts", "account_id")

REDUCED = ("prompt", "prompt_fingerprint")
"""Columns that only serve to find `prompt_template`."""
