"""One operation of the interface: what it takes, what it answers, and the little machinery around it.

A handler is a plain function in a thread: the event loop is never held up by files or by the index. Whatever goes wrong
with a request becomes a status of 4xx and one sentence.
"""

from __future__ import annotations

import hmac
import json
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from anyio import to_thread
from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from core.errors import UserError
from core.live.feed import LiveFeed
from core.settings import settings
from core.validation import refused

Model = TypeVar("Model", bound=BaseModel)
MOST_BYTES = 4 << 20  # of a body
log = logging.getLogger("faultline")


class Query(BaseModel):
    """Parameters behind the «?». Unknown ones are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Problem(UserError):
    """A request that cannot be served, with its status."""

    def __init__(self, status: int, what: str, where: str = "", remedy: str = "") -> None:
        super().__init__(what, where, remedy)
        self.status = status


@dataclass(frozen=True)
class Call:
    """A request that has been checked. ``query`` and ``body`` are the operation's models, ``name`` the ``{id}``."""

    feed: LiveFeed
    query: Any = None
    body: Any = None
    name: str = ""


@dataclass(frozen=True)
class Operation:
    """``answer``: the model of what comes back. ``problems``: what may go wrong beyond a bad request, by status."""

    method: Literal["GET", "POST"]
    path: str
    summary: str
    handler: Callable[[Call], BaseModel | Response]
    answer: type[BaseModel]
    query: type[Query] | None = None
    body: type[BaseModel] | None = None
    body_required: bool = True
    status: int = 200
    problems: tuple[tuple[int, str], ...] = ()
    also_csv: bool = False


async def respond(operation: Operation, feed: LiveFeed, request: Request) -> Response:
    """Check the request, do the work in a thread, answer."""
    body = await read_body(operation, request) if operation.method == "POST" else None
    call = Call(feed, _query(operation, request), body, request.path_params.get("id", ""))
    found = await to_thread.run_sync(operation.handler, call)
    if isinstance(found, Response):
        return found
    return Response(found.model_dump_json(), operation.status, media_type="application/json")


def refuse_strangers(request: Request) -> None:
    """The token, where one is set; and no orders from other sites' pages in somebody's browser."""
    token = settings().api_token
    if token is not None:
        given = request.headers.get("authorization", "").encode()
        if not hmac.compare_digest(given, b"Bearer " + token.get_secret_value().encode()):
            raise Problem(401, "This interface needs a token", "", "Send it as «Authorization: Bearer …»")
    origin = request.headers.get("origin")
    if request.method != "GET" and origin is not None and origin.split("://")[-1] != request.headers.get("host"):
        raise Problem(403, "Orders from another site's page are not taken", origin[:100], "Call from this server's own")


async def read_body(operation: Operation, request: Request) -> BaseModel | None:
    """The body as the operation's model, None where it may be missing and is."""
    content = bytearray()
    try:
        async for chunk in request.stream():
            content += chunk
            if len(content) > MOST_BYTES:
                raise Problem(413, f"The body is larger than {MOST_BYTES >> 20} MiB", "", "Send it in parts")
    except ClientDisconnect:
        raise Problem(400, "The body broke off", "", "Send it again") from None
    if operation.body is None or (not content.strip() and not operation.body_required):
        return None
    if "json" not in request.headers.get("content-type", ""):
        raise Problem(415, "The body is not declared to be JSON", "", "Send «Content-Type: application/json»")
    return await to_thread.run_sync(_parsed, operation.body, bytes(content))


def _parsed(model: type[BaseModel], content: bytes) -> BaseModel:
    try:
        given = json.loads(content, parse_constant=_no_json)
    except (ValueError, RecursionError) as error:
        raise Problem(400, "The body is not JSON", str(error)[:120], "Check it with a JSON tool") from None
    return _checked(model, given, "The body")


def _checked(model: type[Model], given: Any, whole: str) -> Model:
    try:
        return model.model_validate(given)
    except ValidationError as error:
        found = refused(error, given, whole)
        raise Problem(422, found.what, found.where, f"{found.remedy}; see /api/openapi.json") from None


def _no_json(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON; send null for what was not measured")


def _query(operation: Operation, request: Request) -> Query:
    return _checked(operation.query or Query, dict(request.query_params), "The query")


def problem(error: Exception) -> JSONResponse:
    """An error as the interface tells it. What is nobody's mistake goes to the log under a number."""
    if isinstance(error, Problem):
        headers = {401: {"WWW-Authenticate": "Bearer"}, 429: {"Retry-After": "1"}}.get(error.status)
        return JSONResponse({"error": str(error)}, error.status, headers)
    if isinstance(error, UserError):
        return JSONResponse({"error": str(error)}, 400)
    if isinstance(error, HTTPException):
        return JSONResponse({"error": str(error.detail)}, error.status_code)
    number = secrets.token_hex(4)
    log.error("error %s", number, exc_info=error)
    return JSONResponse({"error": f"Something broke. The log has the details under {number}."}, 500)
