"""A client of a plugin that is served in this process, over real gRPC."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

import fusemoe
from fusemoe._server import MAX_MESSAGE, new_server
from fusemoe.modality.v1 import modality_pb2 as pb


HANG = 120
"""Seconds that nothing takes which does not hang, on any machine."""


class Client:
    """Calls a plugin as the host does."""

    def __init__(self, plugin: fusemoe.Modality, socket: Path) -> None:
        self.asked_to_end = False
        self._server = new_server(plugin, self._end)
        self._server.add_insecure_port(f"unix:{socket}")
        self._server.start()
        limits = [("grpc.max_receive_message_length", MAX_MESSAGE), ("grpc.max_send_message_length", MAX_MESSAGE)]
        self.channel = grpc.insecure_channel(f"unix:{socket}", options=limits)

    def _end(self) -> None:
        self.asked_to_end = True

    def close(self) -> None:
        self.channel.close()
        self._server.stop(0).wait()

    def call(self, kind: str, method: str, response: Any) -> Any:
        return getattr(self.channel, kind)(
            "/fusemoe.modality.v1.Modality/" + method,
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=response.FromString,
        )

    def describe(self) -> pb.DescribeResponse:
        call = self.call("unary_unary", "Describe", pb.DescribeResponse)
        answer: pb.DescribeResponse = call(pb.DescribeRequest(), timeout=HANG)
        return answer

    def configure(self, config: bytes = b"", state: bytes = b"") -> pb.ConfigureResponse:
        request = pb.ConfigureRequest(config=config, state=state, device="cpu")
        answer: pb.ConfigureResponse = self.call("unary_unary", "Configure", pb.ConfigureResponse)(request, timeout=HANG)
        return answer

    def fit(self, *samples: pb.Sample) -> pb.FitResponse:
        requests = (pb.FitRequest(samples=[s]) for s in samples)
        answer: pb.FitResponse = self.call("stream_unary", "Fit", pb.FitResponse)(requests, timeout=HANG)
        return answer

    def stream(self, requests: Iterable[pb.EncodeRequest]) -> Any:
        return self.call("stream_stream", "Encode", pb.EncodeResponse)(iter(requests), timeout=HANG)

    def encode(self, *samples: pb.Sample) -> list[pb.Result]:
        (response,) = self.stream([pb.EncodeRequest(seq=3, samples=samples)])
        assert response.seq == 3
        return list(response.results)


@pytest.fixture
def serve() -> Iterator[Callable[[fusemoe.Modality], Client]]:
    clients: list[Client] = []
    with tempfile.TemporaryDirectory(prefix="f") as folder:  # short: it is a socket's path

        def start(plugin: fusemoe.Modality) -> Client:
            clients.append(Client(plugin, Path(folder) / str(len(clients))))
            return clients[-1]

        yield start
        for client in clients:
            client.close()
