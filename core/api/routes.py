"""The interface as routes for the app: ``st.App(…, routes=routes(feed))``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from core.api import answers, events, openapi, orders, reads
from core.api.operation import Operation, Problem, problem, refuse_strangers, respond
from core.live.feed import LiveFeed
from core.live.spec import FeedSpec

NOT_FOUND = (404, "There is no such unit or sensor.")
NOT_NOW = (409, "The feed is not in a state for it.")
BODY = ((400, "The body is not JSON, or asks for what cannot be."), (403, "Another site's page."),
        (413, "The body is too large."), (415, "The body is not declared to be JSON."))  # fmt: skip

OPERATIONS = (
    Operation("GET", "/api/state", "The feed as a whole and every unit under watch.", reads.state, answers.Feed),
    Operation("GET", "/api/sensor-data", "The last readings of a unit.", reads.sensor_data, answers.SensorData,
              reads.SensorWindow, problems=(NOT_FOUND,)),
    Operation("GET", "/api/anomaly-scores", "The last scores of a unit by every detector, on one calibrated axis.",
              reads.anomaly_scores, answers.AnomalyScores, reads.Window, problems=(NOT_FOUND,)),
    Operation("GET", "/api/xai-analysis", "Which sensors made a unit score as it does.", reads.xai_analysis,
              answers.Analysis, reads.OfUnit, problems=(NOT_FOUND,)),
    Operation("GET", "/api/units/completed", "Units seen to their end, newest first.", reads.completed_units,
              answers.CompletedUnits, reads.Listing, also_csv=True),
    Operation("GET", "/api/units/{id:path}/analysis", "One unit in full.", reads.unit_analysis, answers.UnitAnalysis,
              problems=(NOT_FOUND,)),
    Operation("POST", "/api/start", "Begin a feed; without a body go on after a pause, or begin the last one anew.",
              orders.start, answers.Feed, body=FeedSpec, body_required=False, problems=(*BODY, NOT_NOW)),
    Operation("POST", "/api/pause", "Hold the feed.", orders.pause, answers.Feed, problems=(BODY[1], NOT_NOW)),
    Operation("POST", "/api/stop", "End the feed.", orders.stop, answers.Feed, problems=(BODY[1], NOT_NOW)),
    Operation("POST", "/api/reset", "Forget steps and alarms and begin the source anew.", orders.reset, answers.Feed,
              problems=(BODY[1],)),
    Operation("POST", "/api/speed", "Change the speed of a replay.", orders.speed, answers.Feed, body=orders.SpeedBody,
              problems=(*BODY, NOT_NOW)),
    Operation("POST", "/api/samples", "Send samples to a feed whose source is «push».", orders.samples,
              answers.Accepted, body=orders.SamplesBody, status=202,
              problems=(*BODY, NOT_NOW, (429, "Too many samples wait already."))),
)  # fmt: skip

Endpoint = Callable[[Request], Awaitable[Response]]


def routes(feed: LiveFeed) -> list[Route]:
    """Every path under /api; what is not one of them is answered there too, in a sentence."""
    found: dict[str, dict[str, Endpoint]] = {}
    for one in OPERATIONS:
        found.setdefault(one.path, {})[one.method] = _endpoint(one, feed)

    async def stream(request: Request) -> Response:
        return events.stream(feed.table, request)

    async def describe(request: Request) -> Response:
        return JSONResponse(openapi.description(OPERATIONS))

    found["/api/stream"] = {"GET": stream}
    found["/api/openapi.json"] = {"GET": describe}
    found["/api/{rest:path}"] = {}
    return [Route(path, _guarded(methods), methods=_METHODS) for path, methods in found.items()]


_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def _endpoint(operation: Operation, feed: LiveFeed) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        return await respond(operation, feed, request)

    return endpoint


def _guarded(methods: dict[str, Endpoint]) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        try:
            refuse_strangers(request)
            if not methods:
                raise Problem(404, "There is no such path", request.url.path[:100], "See /api/openapi.json")
            method = "GET" if request.method == "HEAD" else request.method
            if method not in methods:
                raise Problem(405, f"{request.method} cannot be asked here", "", f"Use {' or '.join(methods)}")
            return await methods[method](request)
        except Exception as error:
            return problem(error)

    return endpoint
