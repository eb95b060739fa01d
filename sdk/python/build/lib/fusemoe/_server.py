"""The gRPC server: the contract's calls, and those by which go-plugin minds a process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc

from ._modality import Modality
from ._service import MAX_STATE, Service
from .modality.v1 import modality_pb2 as pb

# A fitted state and what goes with it. gRPC's own limit of 4 MiB is too small for a few
# images; without any a mistake would end at the out-of-memory killer, not in an error.
MAX_MESSAGE = MAX_STATE + (1 << 20)

# Calls of the plugin wait for each other, each on its thread; health checks and the
# shutdown must find a free one.
THREADS = 8


def new_server(plugin: Modality, shutdown: Callable[[], None]) -> grpc.Server:
    """A server of the plugin without an address yet. It calls shutdown when the host asks
    the process to end."""
    server = grpc.server(
        ThreadPoolExecutor(THREADS, thread_name_prefix="fusemoe"),
        options=[
            ("grpc.max_receive_message_length", MAX_MESSAGE),
            ("grpc.max_send_message_length", MAX_MESSAGE),
        ],
    )
    server.add_generic_rpc_handlers((_modality(Service(plugin)), *_go_plugin(shutdown)))
    return server


def _modality(service: Service) -> grpc.GenericRpcHandler:
    def codec(request: Any, response: Any) -> dict[str, Any]:
        return {"request_deserializer": request.FromString, "response_serializer": response.SerializeToString}

    return grpc.method_handlers_generic_handler(
        "fusemoe.modality.v1.Modality",
        {
            "Describe": grpc.unary_unary_rpc_method_handler(
                service.describe, **codec(pb.DescribeRequest, pb.DescribeResponse)
            ),
            "Configure": grpc.unary_unary_rpc_method_handler(
                service.configure, **codec(pb.ConfigureRequest, pb.ConfigureResponse)
            ),
            "Fit": grpc.stream_unary_rpc_method_handler(service.fit, **codec(pb.FitRequest, pb.FitResponse)),
            "Encode": grpc.stream_stream_rpc_method_handler(
                service.encode, **codec(pb.EncodeRequest, pb.EncodeResponse)
            ),
        },
    )


def _go_plugin(shutdown: Callable[[], None]) -> list[grpc.GenericRpcHandler]:
    """The services of go-plugin. Their messages are so small that they are bytes here."""
    serving = b"\x08\x01"  # HealthCheckResponse{status: SERVING}
    empty = b""

    def check(_request: bytes, _context: grpc.ServicerContext) -> bytes:
        return serving

    def stop(_request: bytes, _context: grpc.ServicerContext) -> bytes:
        shutdown()
        return empty

    def stdio(_request: bytes, _context: grpc.ServicerContext) -> Iterator[bytes]:
        # Everything is written to the process's own stderr, which the host reads.
        return iter(())

    def service(name: str, **methods: grpc.RpcMethodHandler) -> grpc.GenericRpcHandler:
        return grpc.method_handlers_generic_handler(name, methods)

    return [
        service("grpc.health.v1.Health", Check=grpc.unary_unary_rpc_method_handler(check)),
        service("plugin.GRPCController", Shutdown=grpc.unary_unary_rpc_method_handler(stop)),
        service("plugin.GRPCStdio", StreamStdio=grpc.unary_stream_rpc_method_handler(stdio)),
    ]
