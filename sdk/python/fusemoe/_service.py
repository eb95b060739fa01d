"""The calls of the contract, answered with a Modality."""

from __future__ import annotations

import hashlib
import inspect
import json
import sys
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NoReturn

import grpc

from ._log import cancelled, failure, log, place, working
from ._modality import BatchEncoder, Cancelled, Diagnostic, Fitter, Modality, Sample
from ._settings import Config, canonical, parse, schema
from ._wire import fill, message_of, refuse, sample_of
from .modality.v1 import modality_pb2 as pb

MAX_STATE = 64 << 20
"""The size of the largest fitted state, in bytes."""


def describe(plugin: Modality) -> pb.DescribeResponse:
    """What the plugin is. TypeError says what its class lacks."""
    for name in ("name", "version", "kind", "accepts", "configure", "encode"):
        if not hasattr(plugin, name):
            raise TypeError(f"class {type(plugin).__name__} has no {name}; see fusemoe.Modality")
    if isinstance(plugin.accepts, str):
        raise TypeError(f"accepts is a list of media types: [{plugin.accepts!r}]")
    settings = getattr(plugin, "settings", None)
    return pb.DescribeResponse(
        name=plugin.name,
        version=plugin.version,
        kind=pb.Kind.Name(plugin.kind),
        media_types=plugin.accepts,
        config_schema=json.dumps(schema(settings)) if settings else "",
        fits=isinstance(plugin, Fitter),
        deterministic=getattr(plugin, "deterministic", True),
        max_batch=getattr(plugin, "max_batch", 0),
    )


class Service:
    """Answers with the plugin, one call at a time."""

    def __init__(self, plugin: Modality) -> None:
        describe(plugin)
        self._plugin = plugin
        self._accepts = frozenset(plugin.accepts)
        self._source = _source(plugin)
        self._busy = threading.Lock()  # held while the plugin works
        self._configured = False
        self._fitted = False  # configure had a state
        self._dim = 0
        self._digest = b""  # of the config

    def describe(self, _request: pb.DescribeRequest, _context: grpc.ServicerContext) -> pb.DescribeResponse:
        return describe(self._plugin)

    def configure(self, request: pb.ConfigureRequest, context: grpc.ServicerContext) -> pb.ConfigureResponse:
        with self._busy, working(context):
            self._configured = False
            try:
                out = self._configure(request)
            except Diagnostic as err:
                return pb.ConfigureResponse(diagnostics=[message_of(err)])
            except (Exception, SystemExit) as err:
                # A config has nothing of a patient: the words may be told.
                log.error("configure failed", extra=failure(err))
                detail = f"the plugin runs with {sys.executable}" if isinstance(err, ImportError) else ""
                said = Diagnostic(f"{type(err).__name__}: {err}", detail=detail)
                return pb.ConfigureResponse(diagnostics=[message_of(said)])
            self._configured, self._fitted = True, bool(request.state)
            return out

    def _configure(self, r: pb.ConfigureRequest) -> pb.ConfigureResponse:
        values = parse(r.config)
        digest = hashlib.sha256(canonical(values)).digest()
        config = Config(
            values,
            state=_learned(digest, r.state),
            work_dir=r.work_dir,
            device=r.device,
            threads=r.threads,
            seed=r.seed,
        )
        dim = self._plugin.configure(config)
        config.refuse_unread()
        if not isinstance(dim, int) or dim < 1:
            raise Diagnostic("configure must return the width of the vectors, at least 1")
        features = list(self._plugin.features()) if hasattr(self._plugin, "features") else []
        if features and len(features) != dim:
            raise Diagnostic(f"the plugin names {len(features)} features for vectors of {dim} values")
        self._dim, self._digest = dim, digest
        return pb.ConfigureResponse(dim=dim, features=features, fingerprint=self._fingerprint(r.state))

    def _fingerprint(self, state: bytes) -> str:
        """Identifies what results depend on."""
        parts = [self._plugin.name, self._plugin.version, self._source, self._digest.hex()]
        parts.append(hashlib.sha256(state).hexdigest())
        if hasattr(self._plugin, "fingerprint"):
            parts.append(self._plugin.fingerprint())
        # As JSON, "ab","c" and "a","bc" stay apart.
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    def fit(self, requests: Iterator[pb.FitRequest], context: grpc.ServicerContext) -> pb.FitResponse:
        with self._busy, working(context):
            if not isinstance(self._plugin, Fitter):
                _abort(context, grpc.StatusCode.UNIMPLEMENTED, "this plugin has nothing to fit")
            if not self._configured:
                _abort(context, grpc.StatusCode.FAILED_PRECONDITION, "Fit before Configure")
            try:
                state = self._plugin.fit(self._samples(requests, context))
                if not isinstance(state, bytes) or not state:
                    raise Diagnostic("the plugin fitted nothing", detail="fit must return what it learned, as bytes")
                state = self._digest + state
                if len(state) > MAX_STATE:
                    raise Diagnostic(f"the fitted state has {len(state)} bytes; at most {MAX_STATE} are allowed")
            except Diagnostic as err:
                return pb.FitResponse(diagnostics=[message_of(err)])
            except (Exception, SystemExit) as err:
                return pb.FitResponse(diagnostics=[message_of(_fault("fit", err))])
            return pb.FitResponse(state=state)

    def _samples(self, requests: Iterator[pb.FitRequest], context: grpc.ServicerContext) -> Iterator[Sample]:
        try:
            for r in requests:
                for message in r.samples:
                    yield sample_of(message, self._accepts)
        except grpc.RpcError:
            raise Cancelled from None
        if not context.is_active():  # grpcio 1.51 may end a cancelled stream as if it were complete
            raise Cancelled

    def encode(
        self, requests: Iterator[pb.EncodeRequest], context: grpc.ServicerContext
    ) -> Iterator[pb.EncodeResponse]:
        try:
            for r in requests:
                response = pb.EncodeResponse(seq=r.seq)
                with self._busy, working(context):
                    if not self._configured:
                        _abort(context, grpc.StatusCode.FAILED_PRECONDITION, "Encode before Configure")
                    if isinstance(self._plugin, Fitter) and not self._fitted:
                        _abort(context, grpc.StatusCode.FAILED_PRECONDITION, "Encode before Fit: no fitted state")
                    self._encode(r.samples, response)
                yield response
        except (grpc.RpcError, Cancelled):
            return  # nobody listens

    def _encode(self, messages: Iterable[pb.Sample], response: pb.EncodeResponse) -> None:
        """Adds a result to the response for each message."""
        inputs: list[Sample] = []
        results: list[pb.Result] = []  # of the inputs
        for message in messages:
            # Filled in place: messages are copied when they are put into others.
            result = response.results.add()
            try:
                sample = sample_of(message, self._accepts)
            except Diagnostic as err:
                refuse(result, err)
                continue
            if sample.items:
                inputs.append(sample)
                results.append(result)
            else:
                fill(result, None, self._dim)
        if not self._encode_together(inputs, results):
            for sample, result in zip(inputs, results):
                self._encode_one(sample, result)

    def _encode_together(self, inputs: list[Sample], results: list[pb.Result]) -> bool:
        """Encodes the samples together, if the plugin can and nothing goes wrong."""
        if len(inputs) < 2 or not isinstance(self._plugin, BatchEncoder):
            return False
        try:
            sequences = list(self._plugin.encode_batch(inputs))
            if len(sequences) == len(inputs):
                for sequence, result in zip(sequences, results):
                    fill(result, sequence, self._dim)
                return True
            told: dict[str, object] = {"samples": len(inputs), "sequences": len(sequences)}
        except (Exception, SystemExit) as err:
            told = {"samples": len(inputs), **failure(err)}
        log.warning("encoding a batch failed; encoding its samples one by one", extra=told)
        return False

    def _encode_one(self, sample: Sample, result: pb.Result) -> None:
        if cancelled():
            raise Cancelled
        try:
            sequence = self._plugin.encode(sample)
        except Diagnostic as err:
            refuse(result, err)
        except (Exception, SystemExit) as err:
            refuse(result, _fault("encode", err))
        else:
            fill(result, sequence, self._dim)


def _learned(digest: bytes, state: bytes) -> bytes:
    """What fit returned. The digest of its config stands before it, so that no other config
    is ever given it."""
    if state and state[: len(digest)] != digest:
        raise Diagnostic("the fitted state belongs to another config", detail="fit the modality again")
    return state[len(digest) :]


def _fault(what: str, err: BaseException) -> Diagnostic:
    """An exception that nobody expected, without its words: they may quote a patient."""
    log.error("%s failed", what, extra=failure(err))
    return Diagnostic(f"the plugin raised {place(err)}; its log has the stack", detail="tell its author")


def _source(plugin: Modality) -> str:
    """The hash of the file of the plugin's class, so that results of an edited plugin are
    not taken for those of the one before."""
    try:
        file = inspect.getsourcefile(type(plugin))
        return hashlib.sha256(Path(file).read_bytes()).hexdigest() if file else ""
    except (TypeError, OSError):  # made at a prompt, or shipped without its source
        return ""


def _abort(context: grpc.ServicerContext, code: grpc.StatusCode, words: str) -> NoReturn:
    context.abort(code, words)
    raise AssertionError("abort raises")
