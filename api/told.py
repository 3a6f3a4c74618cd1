"""What the service itself sends, as OpenAPI has it: `webhooks`, beside the routes."""

from __future__ import annotations

from typing import Any

from linkage.webhooks.messages import SORTS, Envelope

_REF = "#/components/schemas/{model}"


def add(document: dict[str, Any]) -> None:
    """Put the messages into an OpenAPI document."""
    shapes = document["components"]["schemas"]
    document["webhooks"] = {}
    for sort in SORTS:
        name = f"{sort.__name__}Message"
        shape = Envelope[sort].model_json_schema(ref_template=_REF)  # type: ignore[valid-type]
        shapes |= shape.pop("$defs", {})
        shape["title"] = name
        shape["properties"]["type"] = {"const": sort.kind, "type": "string"}
        shapes[name] = shape
        document["webhooks"][sort.kind] = {
            "post": {
                "operationId": sort.kind,
                "tags": ["webhooks"],
                "summary": (sort.__doc__ or "").split("\n\n")[0].replace("\n    ", " "),
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {"schema": {"$ref": _REF.format(model=name)}}
                    },
                },
                "responses": {
                    "2XX": {"description": "It was taken; any other answer, and it comes again."}
                },
            }
        }  # fmt: skip
