"""The interface keeps its word: what it says of itself is what it answers, and mistakes get a sentence."""

from __future__ import annotations

import csv
import io
import json

import pytest
import toy_series as toys
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012
from toy_feed import replay, until

from core.settings import Settings

GETS = (
    "/api/state",
    "/api/sensor-data?last=50&sensors=flow,pressure",
    "/api/anomaly-scores?last=50",
    "/api/xai-analysis",
    "/api/units/completed",
    "/api/units/a/analysis",
)


def described(client, path: str, method: str, status: int):
    """The schema that /api/openapi.json gives an answer, ready to validate it."""
    document = client.get("/api/openapi.json").json()
    name = path.split("?")[0].replace("/a/", "/{id}/")
    answer = document["paths"][name][method]["responses"][str(status)]
    while "$ref" in answer:
        answer = document["components"]["responses"][answer["$ref"].rsplit("/", 1)[1]]
    schema = answer["content"]["application/json"]["schema"]
    resource = Resource.from_contents(document, default_specification=DRAFT202012)
    registry = Registry().with_resource("urn:api", resource)
    return Draft202012Validator({"$ref": f"urn:api{schema['$ref']}"}, registry=registry)


@pytest.mark.parametrize("path", GETS)
def test_answers_are_as_described(finished, path: str) -> None:
    answer = finished.get(path)
    assert answer.status_code == 200, answer.text
    described(finished, path, "get", 200).validate(answer.json())


def test_answers_are_as_described_before_the_first_start(client) -> None:
    for path in GETS[:1] + GETS[2:5]:
        described(client, path, "get", 200).validate(client.get(path).json())
    assert client.get("/api/state").json()["state"] == "empty"
    assert client.get("/api/anomaly-scores").json()["ensemble"]["score"] is None


def test_the_description_is_a_whole_document(client) -> None:
    document = client.get("/api/openapi.json").json()
    assert document["openapi"] == "3.1.0"
    wanted = {"sensor-data", "anomaly-scores", "xai-analysis", "stream", "units/{id}/analysis", "units/completed",
              "start", "stop", "reset", "samples"}  # fmt: skip
    assert {f"/api/{path}" for path in wanted} <= set(document["paths"])
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    refs = [word.split('"')[0] for word in json.dumps(document).split('"$ref": "#/')[1:]]
    for ref in refs:
        found = document
        for key in ref.split("/"):
            found = found[key]
    identities = [one["operationId"] for path in document["paths"].values() for one in path.values()]
    assert len(set(identities)) == len(identities)


def test_scores_are_keyed_by_detector_with_threshold(finished) -> None:
    found = finished.get("/api/anomaly-scores?unit=a&last=900").json()
    for name in ("vae", "kalman", "arima", "ensemble"):
        assert len(found[name]["scores"]) == len(found[name]["thresholds"]) == 900
        assert found[name]["threshold"] == pytest.approx(3)
        assert found[name]["score"] == found[name]["scores"][-1]
    at = found["step"].index(320)
    assert found["vae"]["scores"][at] > 3 > found["vae"]["scores"][at + 100]
    data = finished.get("/api/sensor-data?unit=a&last=900&sensors=pressure").json()
    assert data["step"] == found["step"] and list(data["values"]) == ["pressure"]
    original = toys.recording(1, 1000, name="a").values[data["step"][0], 1]
    if data["step"][0] < 300:
        assert data["values"]["pressure"][0] == pytest.approx(float(original), rel=1e-6)


def test_causes_come_with_shares_and_words(finished) -> None:
    found = finished.get("/api/units/a/analysis").json()
    assert found["live"] is None and found["completed"]["unit"] == "a"
    alarm = next(one for one in found["alarms"] if one["steps"] > 5)
    assert alarm["causes"][0]["sensor"] == "pressure"
    assert alarm["causes"][0]["words"].startswith("pressure explains ")
    assert "above its usual value" in alarm["causes"][0]["words"]
    assert len(found["curve"]["high"]["vae"]) <= 400


def test_completed_units_as_a_spreadsheet(finished) -> None:
    answer = finished.get("/api/units/completed?format=csv")
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [row["unit"] for row in rows] == ["b", "a"]
    assert float(rows[1]["peak_vae"]) > 3


def test_a_feed_is_steered(client) -> None:
    source = {"kind": "replay", "dataset_id": client.dataset, "loop": True}
    started = client.post("/api/start", json=replay(client.dataset, source=source, speed=50))
    assert started.status_code == 200
    described(client, "/api/start", "post", 200).validate(started.json())
    until(lambda: client.state() == "running")
    assert client.post("/api/start", json=replay(client.dataset)).status_code == 409
    assert client.post("/api/speed", json={"speed": "max"}).json()["speed"] == "max"
    assert client.post("/api/pause").status_code == 200
    until(lambda: client.state() == "paused")
    assert client.post("/api/start").status_code == 200, "without a body: go on"
    until(lambda: client.state() == "running")
    assert client.post("/api/reset").status_code == 200
    assert client.post("/api/stop").status_code == 200
    until(lambda: client.state() == "stopped")
    again = client.post("/api/stop")
    assert (again.status_code, again.json()["error"]) == (409, "No feed is under way (stopped). Start one first.")
    assert client.post("/api/start").status_code == 200, "without a body: the last feed again"
    until(lambda: client.state() == "running")


def test_samples_are_taken_scored_and_archived(client) -> None:
    assert client.post("/api/samples", json={"samples": []}).status_code == 409
    client.post("/api/start", json=replay(client.dataset, source={"kind": "push"}))
    until(lambda: client.state() == "waiting")
    values = toys.recording(9, 50).values.astype(float)
    rows = [dict(zip(toys.SENSORS, row, strict=True)) | {"time": 100.0 + k} for k, row in enumerate(values.tolist())]
    answer = client.post("/api/samples", json={"unit": "p7", "samples": rows})
    assert (answer.status_code, answer.json()["accepted"]) == (202, 50)
    described(client, "/api/samples", "post", 202).validate(answer.json())
    until(lambda: client.get("/api/state").json()["steps"] == 50)
    data = client.get("/api/sensor-data?unit=p7&last=50").json()
    assert data["time"][0] == 100
    assert data["values"]["flow"] == pytest.approx(values[:, 0].tolist(), rel=1e-6)
    live = client.get("/api/units/p7/analysis").json()["live"]
    assert (live["unit"], live["steps"], live["trend"]["direction"]) == ("p7", 50, "unknown")
    assert client.get("/api/xai-analysis?unit=p7").json()["causes"]
    client.post("/api/samples", json={"unit": "p7", "samples": [], "complete": True})
    until(lambda: client.get("/api/units/completed").json()["units"])


def test_wrong_samples_are_refused_whole(client) -> None:
    client.post("/api/start", json=replay(client.dataset, source={"kind": "push"}))
    until(lambda: client.state() == "waiting")
    for rows, sentence in (
        ([{"flow": 1}, {"flow": "high"}], "Sample 1: flow is no number (high). Send a number or null."),
        ([{"flwo": 1}], "Sample 0: there is no sensor «flwo». The models watch flow, pressure, temperature."),
        ([[1, 2]], "«samples.0» cannot be [1, 2]. Give an object with names and values; see /api/openapi.json."),
    ):
        answer = client.post("/api/samples", json={"samples": rows})
        assert (answer.status_code, answer.json()["error"]) == (422, sentence)
    assert client.get("/api/state").json()["steps"] == 0


JSON = {"content-type": "application/json"}
MISTAKES = (
    ("GET", "/api/nothing", None, {}, 404),
    ("DELETE", "/api/start", None, {}, 405),
    ("GET", "/api/stop", None, {}, 405),
    ("GET", "/api/sensor-data?last=0", None, {}, 422),
    ("GET", "/api/sensor-data?last=9999999", None, {}, 422),
    ("GET", "/api/sensor-data?lats=10", None, {}, 422),
    ("GET", "/api/anomaly-scores?unit=zz", None, {}, 404),
    ("GET", "/api/sensor-data?sensors=nope", None, {}, 404),
    ("GET", "/api/xai-analysis?unit=zz", None, {}, 404),
    ("GET", "/api/units/zz/analysis", None, {}, 404),
    ("GET", "/api/units/99999999999999999999/analysis", None, {}, 404),
    ("POST", "/api/start", "{", JSON, 400),
    ("POST", "/api/start", '{"rate": NaN}', JSON, 400),
    ("POST", "/api/start", "[" * 100_000, JSON, 400),
    ("POST", "/api/start", "[]", JSON, 422),
    ("POST", "/api/start", '{"source": {"kind": "push"}, "models": ["m"], "speed": 0}', JSON, 422),
    ("POST", "/api/speed", "speed=3", {"content-type": "text/plain"}, 415),
    ("POST", "/api/speed", "", JSON, 400),
    ("POST", "/api/speed", '{"speed": 3, "x": 1}', JSON, 422),
    ("POST", "/api/samples", '{"samples": [' + "1," * 3_000_000 + "1]}", JSON, 413),
    ("POST", "/api/stop", None, {"origin": "http://elsewhere.example"}, 403),
    ("GET", "/api/stream?x=1", None, {}, 422),
    ("GET", "/api/stream", None, {"last-event-id": "../etc"}, 400),
)  # fmt: skip


@pytest.mark.parametrize(("method", "path", "body", "headers", "status"), MISTAKES)
def test_mistakes_get_a_status_and_a_sentence(finished, method, path, body, headers, status) -> None:
    answer = finished.request(method, path, content=body, headers=headers)
    assert answer.status_code == status, answer.text
    found = answer.json()
    assert list(found) == ["error"]
    assert found["error"].endswith(".") and len(found["error"]) > 15
    assert not any(word in found["error"] for word in ("Traceback", "Input should", "String should", "valid "))


def test_the_token_is_asked_for_where_one_is_set(client, monkeypatch: pytest.MonkeyPatch) -> None:
    with_token = Settings(api_token="sesame")  # noqa: S106
    for module in ("core.api.operation", "core.api.openapi"):
        monkeypatch.setattr(f"{module}.settings", lambda: with_token)
    for headers in ({}, {"authorization": "Bearer wrong"}, {"authorization": "sesame"}):
        for path in ("/api/state", "/api/stream", "/api/openapi.json"):
            answer = client.get(path, headers=headers)
            assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    allowed = client.get("/api/openapi.json", headers={"authorization": "Bearer sesame"})
    assert allowed.json()["security"] == [{"token": []}]
    assert "sesame" not in repr(with_token)


def test_what_breaks_inside_is_a_number_not_a_traceback(client, monkeypatch: pytest.MonkeyPatch, caplog) -> None:
    monkeypatch.setattr(client.feed.table, "feed", lambda: 1 / 0)
    answer = client.get("/api/state")
    assert answer.status_code == 500
    assert "ZeroDivision" not in answer.text
    assert answer.json()["error"].split()[-1].rstrip(".") in caplog.text
    monkeypatch.undo()
