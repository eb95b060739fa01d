"""The user's config: read strictly into a dataclass, which also gives its schema."""

from __future__ import annotations

import dataclasses
import difflib
import json
import types
import typing
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar, Union

from ._modality import Diagnostic

T = TypeVar("T")


class Config:
    """What configure receives."""

    def __init__(
        self,
        values: Mapping[str, Any] | None = None,
        *,
        state: bytes = b"",
        work_dir: str = "",
        device: str = "cpu",
        threads: int = 0,
        seed: int = 0,
    ) -> None:
        self.state = state
        """What fit returned for this config; empty before the first fit."""
        self.work_dir = work_dir
        """A private directory that the plugin may write to and finds again in the next
        run, for downloaded weights, say; empty: no such place."""
        self.device = device
        """Where to compute: cpu, cuda:0, cuda:1 and so on."""
        self.threads = threads
        """How many processor threads to use; 0: the plugin decides."""
        self.seed = seed
        """Starts every random generator of the plugin."""
        self._values = dict(values or {})
        self._decoded = False

    def decode(self, settings: type[T]) -> T:
        """Reads the config into the dataclass, whose defaults stand for what the user
        left out. It is strict: an unknown key or a wrong type is a Diagnostic with the
        key's path. A Diagnostic or ValueError of __post_init__ gets the path, too."""
        self._decoded = True
        value: T = _decode(self._values, settings, "")
        return value

    def refuse_unread(self) -> None:
        """Refuses keys that configure did not look at: a typo must not go unnoticed."""
        if self._values and not self._decoded:
            raise Diagnostic("unknown key", detail="configure decodes no settings", path=min(self._values))


def parse(text: bytes) -> dict[str, Any]:
    """The values of a config as it travels; no text is an empty config."""
    try:
        values = json.loads(text or b"{}")
    except ValueError as err:
        raise Diagnostic(f"the config is no JSON: {err}") from None
    if not isinstance(values, dict):
        raise Diagnostic(f"{_kind(values)} is not an object")
    return values


def canonical(values: Mapping[str, Any]) -> bytes:
    """A config without what does not matter: white space and the order of keys."""
    return json.dumps(values, sort_keys=True).encode()


def _decode(value: Any, want: Any, path: str) -> Any:
    """value as the type that is wanted."""
    origin, args = typing.get_origin(want), typing.get_args(want)
    if origin is Annotated:
        return _decode(value, args[0], path)
    if want is Any:
        return value
    if dataclasses.is_dataclass(want):
        return _decode_dataclass(value, want, path)
    if origin in (Union, types.UnionType):
        return None if value is None else _decode(value, _not_none(args), path)
    if origin is Literal:
        if value not in args:
            raise Diagnostic("not one of the choices", detail="valid: " + ", ".join(map(str, args)), path=path)
        return value
    if (origin or want) is list:
        _expect(isinstance(value, list), value, "a list", path)
        of = args[0] if args else Any
        return [_decode(v, of, f"{path}[{i}]") for i, v in enumerate(value)]
    if (origin or want) is dict:
        _expect(isinstance(value, dict), value, "an object", path)
        of = args[1] if args else Any
        return {k: _decode(v, of, _join(path, k)) for k, v in value.items()}
    if want is float:
        _expect(isinstance(value, (int, float)) and not isinstance(value, bool), value, "a number", path)
        return float(value)
    if want not in _SIMPLE:
        raise TypeError(f"{path or 'settings'}: no config can hold {want!r}")
    # True is an int to Python; not to a user.
    _expect(isinstance(value, want) and isinstance(value, bool) == (want is bool), value, _SIMPLE[want], path)
    return value


_SIMPLE = {bool: "true or false", int: "a whole number", str: "a text"}


def _decode_dataclass(value: Any, want: Any, path: str) -> Any:
    _expect(isinstance(value, dict), value, "an object", path)
    hints = typing.get_type_hints(want, include_extras=True)
    fields = {f.name: f for f in dataclasses.fields(want) if f.init}
    decoded = {}
    for key in sorted(value):
        if key not in fields:
            raise _unknown(key, sorted(fields), path)
        decoded[key] = _decode(value[key], hints[key], _join(path, key))
    for name, f in fields.items():
        if name not in decoded and _required(f):
            raise Diagnostic("must be given", path=_join(path, name))
    try:
        return want(**decoded)
    except Diagnostic as err:
        raise Diagnostic(err.summary, detail=err.detail, path=_join(path, err.path)) from None
    except ValueError as err:
        raise Diagnostic(str(err), path=path) from None


def _required(f: dataclasses.Field[Any]) -> bool:
    return f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING


def _not_none(args: tuple[Any, ...]) -> Any:
    some = [a for a in args if a is not types.NoneType]
    if len(some) != 1:
        raise TypeError(f"no config can hold one of {args!r}; only a type or None")
    return some[0]


def _expect(good: bool, value: Any, want: str, path: str) -> None:
    if not good:
        raise Diagnostic(f"{_kind(value)} is not {want}", path=path)


def _kind(value: Any) -> str:
    """What a value is in the words of JSON."""
    names = {bool: "true or false", int: "a number", float: "a number", str: "a text", list: "a list"}
    return "null" if value is None else names.get(type(value), "an object")


def _unknown(key: str, valid: list[str], path: str) -> Diagnostic:
    near = difflib.get_close_matches(key, valid, n=1)
    return Diagnostic(
        f"unknown key, did you mean {near[0]}?" if near else "unknown key",
        detail="valid: " + ", ".join(valid),
        path=_join(path, key),
    )


def _join(path: str, key: str) -> str:
    """Appends a key, or a path that begins with one, to a path."""
    return path + key if not path or not key or key[0] == "[" else f"{path}.{key}"


def schema(settings: Any) -> dict[str, Any]:
    """The JSON Schema of a type that decode can read. Annotated texts describe keys."""
    origin, args = typing.get_origin(settings), typing.get_args(settings)
    if origin is Annotated:
        texts = [a for a in args[1:] if isinstance(a, str)]
        return schema(args[0]) | ({"description": texts[0]} if texts else {})
    if settings is Any:
        return {}
    if dataclasses.is_dataclass(settings):
        return _dataclass_schema(settings)
    if origin in (Union, types.UnionType):
        return {"anyOf": [schema(_not_none(args)), {"type": "null"}]}
    if origin is Literal:
        return {"enum": list(args)}
    if (origin or settings) is list:
        return {"type": "array"} | ({"items": schema(args[0])} if args else {})
    if (origin or settings) is dict:
        return {"type": "object"} | ({"additionalProperties": schema(args[1])} if args else {})
    names = {bool: "boolean", int: "integer", float: "number", str: "string"}
    if settings not in names:
        raise TypeError(f"no config can hold {settings!r}")
    return {"type": names[settings]}


def _dataclass_schema(settings: Any) -> dict[str, Any]:
    hints = typing.get_type_hints(settings, include_extras=True)
    properties, required = {}, []
    for f in dataclasses.fields(settings):
        if not f.init:
            continue
        properties[f.name] = schema(hints[f.name])
        if _required(f):
            required.append(f.name)
            continue
        default: Any = f.default if f.default_factory is dataclasses.MISSING else f.default_factory()
        if dataclasses.is_dataclass(default) and not isinstance(default, type):
            default = dataclasses.asdict(default)
        properties[f.name]["default"] = default
    out = {"type": "object", "additionalProperties": False, "properties": properties}
    return out | ({"required": required} if required else {})
