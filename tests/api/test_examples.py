"""The examples of the OpenAPI document: there is one of everything, and each could be so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from api.app import create_app, openapi
from api.service import Service
from api.settings import ServiceSettings
from linkage.workspace import Workspace


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder: Path = tmp_path_factory.mktemp("examples")
    service = Service(Workspace.at(folder), ServiceSettings())
    yield openapi(create_app(service))
    service.close()


def operations(document: Any) -> Iterator[tuple[str, Any]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method} {path}", operation


def test_every_answer_has_an_example_that_could_be_so(document: Any) -> None:
    for name, operation in operations(document):
        for status, answer in operation["responses"].items():
            content = answer.get("content", {}).get("application/json")
            if status[0] != "2" or content is None or "openapi.json" in name:
                continue
            shape = content["schema"]
            if shape.get("type") == "array":
                continue  # the audit's lines
            example = document["components"]["schemas"][shape["$ref"].rpartition("/")[2]]["example"]
            whole = {**shape, "components": document["components"]}
            jsonschema_rs.validate(whole, example)


def test_every_parameter_of_a_path_and_every_body_has_one(document: Any) -> None:
    for name, operation in operations(document):
        for parameter in operation.get("parameters", ()):
            if parameter["in"] == "path":
                assert "example" in parameter, (name, parameter["name"])
        for content in operation.get("requestBody", {}).get("content", {}).values():
            assert_has_example(document, name, content)


def assert_has_example(document: Any, name: str, content: Any) -> None:
    shape = content["schema"]
    if "$ref" in shape:
        shape = document["components"]["schemas"][shape["$ref"].rpartition("/")[2]]
    inner = shape.get("items", {})
    assert any(
        key in place for key in ("example", "examples") for place in (content, shape, inner)
    ), name
