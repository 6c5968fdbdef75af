from __future__ import annotations

from typing import Any, Self

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from core.api.orders import SamplesBody, SpeedBody
from core.api.reads import Listing, SensorWindow
from core.live.spec import FeedSpec
from core.validation import LONGEST, refused, remedy

GOOD = {"source": {"kind": "push"}, "models": ["m"]}


def sentence(model: type[BaseModel], given: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        model.model_validate(given)
    return str(refused(caught.value, given, "The body"))


@pytest.mark.parametrize(
    ("model", "given", "said"),
    [
        (FeedSpec, [], "The body cannot be []. Give an object with names and values."),
        (FeedSpec, {"source": {"kind": "push"}}, "«models» is missing. Give it too."),
        (FeedSpec, GOOD | {"models": []}, "«models» cannot be []. Give 1 or more of them."),
        (FeedSpec, GOOD | {"models": "x"}, '«models» cannot be "x". Give a list.'),
        (FeedSpec, GOOD | {"models": [3]}, "«models.0» cannot be 3. Give a text."),
        (FeedSpec, GOOD | {"speed": 0}, "«speed» cannot be 0. Give a number above 0 or «max»."),
        (FeedSpec, GOOD | {"speed": "fast"}, '«speed» cannot be "fast". Give a number or «max».'),
        (FeedSpec, GOOD | {"threshold": "z"}, '«threshold» cannot be "z". Give «fixed» or «adaptive».'),
        (FeedSpec, GOOD | {"gap": 2.5}, "«gap» cannot be 2.5. Give a whole number."),
        (FeedSpec, GOOD | {"source": {}}, "«source» cannot be {}. Give an object that says its «kind»."),
        (FeedSpec, GOOD | {"source": {"kind": "replay"}}, "«source.dataset_id» is missing. Give it too."),
        (
            FeedSpec,
            GOOD | {"source": {"kind": "replay", "dataset_id": "a", "loop": "perhaps"}},
            '«source.loop» cannot be "perhaps". Give true or false.',
        ),
        (
            FeedSpec,
            GOOD | {"source": {"kind": "push", "rate": 1}},
            "There is nothing called «source.rate» here. Leave it out, or check the spelling.",
        ),
        (SpeedBody, {"speed": 1e9}, "«speed» cannot be 1000000000.0. Give a number of at most 1000000 or «max»."),
        (SamplesBody, {"samples": [3]}, "«samples.0» cannot be 3. Give an object with names and values."),
        (SamplesBody, {"samples": [], "unit": ""}, '«unit» cannot be "". Give a text of 1 or more characters.'),
        (SensorWindow, {"last": "0"}, '«last» cannot be "0". Give a number of 1 or more.'),
        (SensorWindow, {"last": "x"}, '«last» cannot be "x". Give a whole number.'),
        (SpeedBody, {"speed": "\ud800"}, '«speed» cannot be "\\ud800". Give a text of whole characters.'),
        (SpeedBody, {"\ud800": 1}, 'The body cannot be "\\ud800". Give a text of whole characters.'),
        (Listing, {"format": "xml"}, '«format» cannot be "xml". Give «json» or «csv».'),
    ],
)
def test_what_was_given_where_and_what_to_give(model, given, said) -> None:
    assert sentence(model, given) == said


def test_what_is_long_is_cut() -> None:
    said = sentence(SensorWindow, {"unit": "x" * 5000})
    assert said.endswith("…. Give a text of at most 200 characters.")
    assert len(said) < 2 * LONGEST + 40
    assert len(sentence(SensorWindow, {"y" * 5000: "1"})) < 2 * LONGEST + 40


def test_what_nobody_foresaw_is_still_ours() -> None:
    class Odd(BaseModel):
        when: bytes

    assert sentence(Odd, {"when": 3}) == "«when» cannot be 3. Give another value."


def test_a_remedy_is_a_clause_of_ours() -> None:
    class Settings(BaseModel):
        model_config = ConfigDict(extra="forbid")
        size: int = Field(ge=2)
        low: float = 0.0

        @model_validator(mode="after")
        def _ordered(self) -> Self:
            if self.low > self.size:
                raise ValueError("low is above size")
            return self

    def said(given: dict[str, object]) -> str:
        with pytest.raises(ValidationError) as caught:
            Settings.model_validate(given)
        return remedy(caught.value.errors()[0])

    assert said({"size": 1}) == "give a number of 2 or more"
    assert said({"size": "many"}) == "give a whole number"
    assert said({}) == "it is missing"
    assert said({"size": 3, "sise": 3}) == "there is no such field"
    assert said({"size": 3, "low": 4}) == "low is above size"
