"""How strictly a config is read, and the words for what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import pytest

import fusemoe
from fusemoe._settings import parse, schema


@dataclass
class Channel:
    name: str
    min: float | None = None
    max: float = 1e9

    def __post_init__(self) -> None:
        if self.min is not None and self.min > self.max:
            raise fusemoe.Diagnostic("is above max", path="min")


@dataclass
class Settings:
    channels: Annotated[list[Channel], "what is read"]
    mode: Literal["fast", "exact"] = "fast"
    rate: float = 0.5
    steps: int = 3
    log: bool = False
    units: dict[str, str] = field(default_factory=dict)
    best: Channel = field(default_factory=lambda: Channel("hr"))


def test_defaults_stand_for_what_is_left_out() -> None:
    got = fusemoe.Config({"channels": [{"name": "temp", "min": 25}], "units": {"temp": "K"}}).decode(Settings)
    assert got == Settings([Channel("temp", min=25.0)], units={"temp": "K"})
    assert type(got.channels[0].min) is float


@pytest.mark.parametrize(
    "values, want",
    [
        ({}, "channels: must be given"),
        ({"channels": [], "step": 1}, "step: unknown key, did you mean steps?; valid: best, channels, log, mode, rate"),
        ({"channels": [{"name": "a", "zzz": 1}]}, "channels[0].zzz: unknown key; valid: max, min, name"),
        ({"channels": [{"name": "a"}, {"name": 5}]}, "channels[1].name: a number is not a text"),
        ({"channels": [{"name": "a", "min": 2, "max": 1}]}, "channels[0].min: is above max"),
        ({"channels": {}}, "channels: an object is not a list"),
        ({"channels": [], "steps": 1.5}, "steps: a number is not a whole number"),
        ({"channels": [], "steps": True}, "steps: true or false is not a whole number"),
        ({"channels": [], "log": 1}, "log: a number is not true or false"),
        ({"channels": [], "rate": "high"}, "rate: a text is not a number"),
        ({"channels": [], "rate": None}, "rate: null is not a number"),
        ({"channels": [], "mode": "slow"}, "mode: not one of the choices; valid: fast, exact"),
        ({"channels": [], "units": {"hr": 1}}, "units.hr: a number is not a text"),
        ({"channels": [], "best": {"name": "a", "min": 2e9}}, "best.min: is above max"),
    ],
)
def test_mistakes_are_told_with_their_path(values: dict[str, Any], want: str) -> None:
    with pytest.raises(fusemoe.Diagnostic) as err:
        fusemoe.Config(values).decode(Settings)
    assert str(err.value).startswith(want)


def test_what_cannot_be_a_config_is_a_mistake_of_the_author() -> None:
    @dataclass
    class Bad:
        when: complex = 0

    with pytest.raises(TypeError, match="no config can hold"):
        fusemoe.Config({"when": 1}).decode(Bad)
    with pytest.raises(TypeError, match="no config can hold"):
        schema(Bad)


@pytest.mark.parametrize("text, want", [(b"{", "the config is no JSON"), (b"[]", "a list is not an object")])
def test_what_is_no_object_is_refused(text: bytes, want: str) -> None:
    with pytest.raises(fusemoe.Diagnostic, match=want):
        parse(text)


def test_the_schema_says_what_decode_accepts() -> None:
    channel = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "name": {"type": "string"},
            "min": {"anyOf": [{"type": "number"}, {"type": "null"}], "default": None},
            "max": {"type": "number", "default": 1e9},
        },
        "required": ["name"],
    }
    got = schema(Settings)
    assert got["required"] == ["channels"] and got["additionalProperties"] is False
    assert got["properties"] == {
        "channels": {"type": "array", "items": channel, "description": "what is read"},
        "mode": {"enum": ["fast", "exact"], "default": "fast"},
        "rate": {"type": "number", "default": 0.5},
        "steps": {"type": "integer", "default": 3},
        "log": {"type": "boolean", "default": False},
        "units": {"type": "object", "additionalProperties": {"type": "string"}, "default": {}},
        "best": channel | {"default": {"name": "hr", "min": None, "max": 1e9}},
    }
