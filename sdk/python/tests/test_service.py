"""What a host gets from a plugin, whatever its author did."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import grpc
import numpy as np
import pytest
from conftest import HANG, Client
from plugins import Counter, Lengths, text

import fusemoe
from fusemoe.modality.v1 import modality_pb2 as pb

Serve = Callable[[fusemoe.Modality], Client]

PATIENT = "Mr Smith"


def raises(err: BaseException) -> Callable[[Any], Any]:
    def function(_: Any) -> Any:
        raise err

    return function


def test_describe_says_what_the_class_says(serve: Serve) -> None:
    @dataclass
    class Settings:
        window: int = 3

    class Plugin(Counter):
        settings = Settings
        max_batch = 7
        deterministic = False

    got = serve(Plugin()).describe()
    schema = json.loads(got.config_schema)
    assert (got.name, got.version, got.kind) == ("lengths", "1.0.0", pb.KIND_MEASUREMENTS)
    assert list(got.media_types) == ["text/plain", fusemoe.ROW]
    assert (got.fits, got.deterministic, got.max_batch) == (True, False, 7)
    assert schema["properties"] == {"window": {"type": "integer", "default": 3}}


def test_a_class_that_is_no_plugin_is_told_what_it_lacks(serve: Serve) -> None:
    with pytest.raises(TypeError, match="has no name"):
        serve(object())  # type: ignore[arg-type]


def test_every_sample_is_answered_in_order(serve: Serve) -> None:
    client = serve(Lengths(dim=2))
    assert client.configure().dim == 2
    first, nothing, last = client.encode(text("a", "abc"), pb.Sample(id="b"), text("c"))
    assert np.frombuffer(first.sequence.values, "<f4").tolist() == [3, 3]
    assert np.frombuffer(first.sequence.times, "<f8").tolist() == [4]
    assert nothing.sequence.length == 0
    assert last.sequence.length == 1


def test_rows_and_attributes_reach_the_plugin(serve: Serve) -> None:
    seen: list[fusemoe.Item] = []

    def look(sample: fusemoe.Sample) -> None:
        seen.extend(sample.items)

    client = serve(Lengths(encode_as=look))
    client.configure()
    row = pb.Row(names=["hr", "temp"], values=[72, 36.5])
    (missing,) = client.encode(
        pb.Sample(id="a", items=[pb.Item(time=1.5, media_type=fusemoe.ROW, row=row, attributes={"bed": "3"})])
    )
    assert seen == [fusemoe.Item(1.5, fusemoe.ROW, row={"hr": 72, "temp": 36.5}, attributes={"bed": "3"})]
    assert missing.HasField("sequence") and missing.sequence.length == 0


@pytest.mark.parametrize(
    "failure, want",
    [
        (ValueError(PATIENT), "the plugin raised ValueError at test_service.py:"),
        (SystemExit(1), "the plugin raised SystemExit at test_service.py:"),
        (fusemoe.Diagnostic("no text in it", detail="write some"), "no text in it"),
    ],
)
def test_an_exception_is_the_result_of_its_sample_alone(
    serve: Serve, caplog: pytest.LogCaptureFixture, failure: BaseException, want: str
) -> None:
    def encode(sample: fusemoe.Sample) -> fusemoe.Sequence:
        if sample.id == "bad":
            raise failure
        return fusemoe.Sequence([0], [[1]])

    client = serve(Lengths(encode_as=encode))
    client.configure()
    good, bad, after = client.encode(text("good"), text("bad"), text("after"))
    assert bad.error.summary.startswith(want)
    assert good.sequence.length == after.sequence.length == 1
    assert PATIENT not in str(bad) and PATIENT not in caplog.text


def test_an_item_that_the_plugin_does_not_read_never_reaches_it(serve: Serve) -> None:
    client = serve(Lengths(encode_as=raises(AssertionError())))
    client.configure()
    (got,) = client.encode(pb.Sample(id="a", items=[pb.Item(media_type="image/png")]))
    assert got.error.summary == "the plugin does not read 'image/png'"
    assert got.error.path == "items[0].media_type"


def test_a_bad_config_is_a_diagnostic(serve: Serve) -> None:
    refused = fusemoe.Diagnostic("is negative", path="window", detail="hours before the end")
    client = serve(Lengths(configure_as=raises(refused)))
    (got,) = client.configure().diagnostics
    assert (got.path, got.summary, got.detail) == ("window", "is negative", "hours before the end")
    assert got.severity == pb.Diagnostic.SEVERITY_ERROR
    with pytest.raises(grpc.RpcError) as err:
        client.encode(text("a"))
    assert err.value.code() == grpc.StatusCode.FAILED_PRECONDITION


@pytest.mark.parametrize(
    "configure, want",
    [
        (raises(ModuleNotFoundError("No module named 'torch'")), "ModuleNotFoundError: No module named 'torch'"),
        (lambda _: None, "configure must return the width of the vectors, at least 1"),
        (lambda _: 0, "configure must return the width of the vectors, at least 1"),
    ],
)
def test_a_configure_that_fails_is_a_diagnostic(serve: Serve, configure: Callable[[Any], Any], want: str) -> None:
    (got,) = serve(Lengths(configure_as=configure)).configure().diagnostics
    assert got.summary == want


def test_a_key_of_a_plugin_without_settings_is_refused(serve: Serve) -> None:
    (got,) = serve(Lengths()).configure(b'{"typo": 1}').diagnostics
    assert (got.path, got.summary) == ("typo", "unknown key")


def test_features_must_be_as_many_as_values(serve: Serve) -> None:
    class Named(Lengths):
        def features(self) -> list[str]:
            return ["length"]

    assert list(serve(Named()).configure().features) == ["length"]
    (got,) = serve(Named(dim=2)).configure().diagnostics
    assert got.summary == "the plugin names 1 features for vectors of 2 values"


def test_the_fingerprint_changes_with_what_results_depend_on(serve: Serve) -> None:
    def read(config: fusemoe.Config) -> int:
        config.decode(dict[str, Any])
        return 1

    client = serve(Lengths(configure_as=read))

    def of(config: bytes, state: bytes = b"") -> str:
        return client.configure(config, state).fingerprint

    assert of(b'{"a": 1, "b": 2}') == of(b'{"b":2,"a":1}')
    assert of(b"") == of(b"{}")
    assert len({of(b'{"a": 1}'), of(b'{"a": 2}'), of(b"")}) == 3


def test_fit_sees_every_sample_and_its_state_unlocks_encode(serve: Serve) -> None:
    plugin = Counter()
    client = serve(plugin)
    client.configure()
    with pytest.raises(grpc.RpcError, match="no fitted state"):
        client.encode(text("a"))
    states: list[bytes] = []

    def configure(config: fusemoe.Config) -> int:
        states.append(config.state)
        return 1

    plugin.configure_as = configure
    before = client.configure().fingerprint
    state = client.fit(text("a"), text("b"), text("c")).state
    assert client.configure(state=state).fingerprint != before
    assert states == [b"", b"abc"]
    assert client.encode(text("a"))[0].sequence.length == 1


def test_the_state_of_another_config_is_refused(serve: Serve) -> None:
    def read(config: fusemoe.Config) -> int:
        config.decode(dict[str, Any])
        return 1

    client = serve(Counter(configure_as=read))
    client.configure(b'{"a": 1}')
    state = client.fit(text("a")).state
    assert not client.configure(b'{ "a": 1 }', state).diagnostics
    (got,) = client.configure(b'{"a": 2}', state).diagnostics
    assert got.summary == "the fitted state belongs to another config"


def test_a_fit_that_fails_is_a_diagnostic_without_its_words(serve: Serve) -> None:
    class Fails(Counter):
        def fit(self, samples: Any) -> bytes:
            raise KeyError(PATIENT)

    class Learns(Counter):
        def fit(self, samples: Any) -> bytes:
            return b""

    for plugin, want in [(Fails(), "the plugin raised KeyError"), (Learns(), "the plugin fitted nothing")]:
        client = serve(plugin)
        client.configure()
        (got,) = client.fit(text("a")).diagnostics
        assert got.summary.startswith(want) and PATIENT not in str(got)


def test_a_plugin_without_fit_has_nothing_to_fit(serve: Serve) -> None:
    client = serve(Lengths())
    client.configure()
    with pytest.raises(grpc.RpcError) as err:
        client.fit(text("a"))
    assert err.value.code() == grpc.StatusCode.UNIMPLEMENTED


def test_a_batch_that_fails_is_encoded_one_by_one(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    batches: list[int] = []

    class Batches(Lengths):
        def encode_batch(self, samples: Any) -> Any:
            batches.append(len(samples))
            if any(s.id == "poison" for s in samples):
                raise ValueError(PATIENT)
            if any(s.id == "lost" for s in samples):
                return []
            return [self.encode(s) for s in samples]

    client = serve(Batches())
    client.configure()
    for middle in ("fine", "poison", "lost"):
        results = client.encode(text("a", "x"), text(middle, "xy"), text("c", "xyz"))
        assert [np.frombuffer(r.sequence.values, "<f4")[0] for r in results] == [1, 2, 3]
    assert batches == [3, 3, 3]
    assert caplog.text.count("one by one") == 2 and PATIENT not in caplog.text


def test_cancel_ends_the_call_and_the_next_one_works(serve: Serve) -> None:
    entered, left = threading.Event(), threading.Event()

    def encode(sample: fusemoe.Sample) -> fusemoe.Sequence:
        if sample.id == "slow":
            entered.set()
            while not fusemoe.cancelled():
                time.sleep(0.01)
            left.set()
        return fusemoe.Sequence([0], [[1]])

    client = serve(Lengths(encode_as=encode))
    client.configure()
    hold = threading.Event()

    def requests() -> Iterator[pb.EncodeRequest]:
        yield pb.EncodeRequest(samples=[text("slow"), text("next")])
        hold.wait()

    call = client.stream(requests())
    assert entered.wait(HANG)
    call.cancel()
    assert left.wait(HANG)
    hold.set()
    assert client.encode(text("quick"))[0].sequence.length == 1


def test_cancel_ends_a_fit_and_the_next_one_works(serve: Serve) -> None:
    seen, done = threading.Event(), threading.Event()

    class Watches(Counter):
        def fit(self, samples: Any) -> bytes:
            ids = []
            try:
                for sample in samples:
                    ids.append(sample.id)
                    seen.set()
            finally:
                done.set()
            return "".join(ids).encode()

    client = serve(Watches())
    client.configure()
    hold = threading.Event()

    def requests() -> Iterator[pb.FitRequest]:
        yield pb.FitRequest(samples=[text("a")])
        hold.wait()

    call = client.call("stream_unary", "Fit", pb.FitResponse).future(requests())
    assert seen.wait(HANG)
    call.cancel()
    assert done.wait(HANG)
    hold.set()
    assert client.fit(text("b"), text("c")).state.endswith(b"bc")


def test_large_messages_pass(serve: Serve) -> None:
    client = serve(Lengths())
    client.configure()
    (got,) = client.encode(text("a", "x" * (20 << 20)))
    assert np.frombuffer(got.sequence.values, "<f4")[0] == 20 << 20


def test_go_plugin_finds_its_services(serve: Serve) -> None:
    client = serve(Lengths())
    assert client.channel.unary_unary("/grpc.health.v1.Health/Check")(b"\n\x06plugin", timeout=HANG) == b"\x08\x01"
    assert list(client.channel.unary_stream("/plugin.GRPCStdio/StreamStdio")(b"", timeout=HANG)) == []
    assert client.channel.unary_unary("/plugin.GRPCController/Shutdown")(b"", timeout=HANG) == b""
    assert client.asked_to_end


