"""The description of the interface, OpenAPI 3.1, drawn from the operations themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from core.api import answers
from core.api.operation import MOST_BYTES, Operation
from core.settings import settings

REF = "#/components/schemas/{model}"
ALWAYS = {401: "The token is missing or wrong.", 422: "A parameter or a field is not what it should be."}
STREAM: dict[str, Any] = {
    "get": {
        "operationId": "stream",
        "summary": "Steps, alarms and states as server-sent events, from now on or from Last-Event-ID on.",
        "parameters": [
            {
                "name": "Last-Event-ID",
                "in": "header",
                "required": False,
                "schema": {"type": "string"},
                "description": "the last id that the client got",
            }
        ],
        "responses": {
            "200": {
                "description": "events «state», «scores», «alarm» and «gap», each with a JSON object",
                "content": {"text/event-stream": {"schema": {"type": "string"}}},
            },
            "503": {"$ref": "#/components/responses/Error"},
        },
    }
}


def description(operations: Sequence[Operation]) -> dict[str, Any]:
    """The whole document."""
    models = {model for one in operations for model in (one.answer, one.body) if model} | {answers.Error}
    ordered = sorted(models, key=lambda model: model.__name__)
    names, schemas = models_json_schema([(model, _mode(model)) for model in ordered], ref_template=REF)
    refs = {model: names[model, _mode(model)] for model in ordered}
    paths: dict[str, Any] = {"/api/stream": STREAM}
    for one in operations:
        paths.setdefault(one.path.replace(":path", ""), {})[one.method.lower()] = _operation(one, refs)
    document: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {
            "title": "Faultline live monitor",
            "version": "1",
            "description": "Scores are -log10 p on one calibrated axis: 3 is reached by one normal step in a thousand.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas["$defs"],
            "responses": {
                "Error": {
                    "description": "One sentence.",
                    "content": {"application/json": {"schema": refs[answers.Error]}},
                }
            },
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }
    if settings().api_token is not None:
        document["security"] = [{"token": []}]
    return document


def _mode(model: type[BaseModel]) -> Any:
    """Answers are described as they are sent."""
    return "serialization" if model.__module__ == answers.__name__ else "validation"


def _operation(one: Operation, refs: dict[type[BaseModel], Any]) -> dict[str, Any]:
    content: dict[str, Any] = {"application/json": {"schema": refs[one.answer]}}
    if one.also_csv:
        content["text/csv"] = {"schema": {"type": "string"}}
    problems = ALWAYS | dict(one.problems)
    found: dict[str, Any] = {
        "operationId": one.handler.__name__,
        "summary": one.summary,
        "parameters": _parameters(one),
        "responses": {
            str(one.status): {"description": (one.answer.__doc__ or one.summary).strip(), "content": content},
            **{str(status): {"$ref": "#/components/responses/Error"} for status in sorted(problems)},
        },
    }
    if one.body is not None:
        found["requestBody"] = {
            "required": one.body_required,
            "description": f"{MOST_BYTES >> 20} MiB at most.",
            "content": {"application/json": {"schema": refs[one.body]}},
        }
    return found


def _parameters(one: Operation) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if "{id" in one.path:
        about = "number of a completed unit, or the name of a unit"
        found.append({"name": "id", "in": "path", "required": True, "schema": {"type": "string"}, "description": about})
    schema = one.query.model_json_schema() if one.query else {}
    for name, field in schema.get("properties", {}).items():
        kept = {key: value for key, value in field.items() if key not in ("title", "description")}
        found.append(
            {
                "name": name,
                "in": "query",
                "required": False,
                "schema": kept,
                "description": field.get("description", ""),
            }
        )
    return found
