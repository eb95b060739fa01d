"""The plugin's process: from its start by the host to the end of either."""

from __future__ import annotations

import ctypes
import faulthandler
import logging
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import NoReturn

from google.protobuf import json_format

from . import _log
from ._modality import Modality
from ._server import new_server
from ._service import describe

# How long the process may take to end by itself once the host has asked: a quarter of what
# the conformance check allows, so that a call that does not return cannot break it.
END_GRACE = 1.0

# How long gRPC may take to answer the host's Shutdown and to cancel what is running.
CALL_GRACE = 0.2

COOKIE = ("FUSEMOE_PLUGIN", "modality")
"""How host and plugin recognise each other. It never changes."""


def serve(plugin: Modality) -> NoReturn:
    """Runs a plugin's process: it answers the host until the host is done or gone. It is
    the last line of main.py, and never returns.

    With the argument -describe it prints what the modality is, as JSON. With -debug it
    waits for a fusemoe run to attach to it, and prints how: so breakpoints work in it.
    """
    try:
        described = describe(plugin)
    except (TypeError, ValueError) as err:
        sys.exit(f"this is no modality plugin: {err}")
    if sys.argv[1:] == ["-describe"]:
        print(json_format.MessageToJson(described))
        sys.exit(0)
    if sys.argv[1:] == ["-debug"]:
        _serve_debug(plugin)
        sys.exit(0)
    if os.environ.get(COOKIE[0]) != COOKIE[1]:
        sys.exit(
            f"This is {described.name} {described.version}, a modality plugin of fusemoe; fusemoe starts it.\n"
            "To see what it is, run it with -describe; to debug it, with -debug. To use it, name its\n"
            "folder under modalities in a config of fusemoe run."
        )
    if "PLUGIN_UNIX_SOCKET_DIR" not in os.environ or "PLUGIN_CLIENT_CERT" in os.environ:
        sys.exit("Python plugins of fusemoe need Unix sockets, which this system or its host does not offer")

    _keep_memory()
    stdin, stdout, stderr = _take_streams()
    faulthandler.enable(stderr)
    _log.start(stderr, os.environ.get("FUSEMOE_PLUGIN_LOG", ""))
    threading.Thread(target=_exit_with_host, args=(stdin,), daemon=True).start()
    asked = threading.Event()
    server = new_server(plugin, asked.set)
    socket = tempfile.mktemp(prefix="plugin", dir=os.environ["PLUGIN_UNIX_SOCKET_DIR"])  # only we can enter it
    server.add_insecure_port("unix:" + socket)
    server.start()
    os.write(stdout, f"1|1|unix|{socket}|grpc|\n".encode())
    os.close(stdout)

    asked.wait()
    threading.Thread(target=_exit_soon, daemon=True).start()
    server.stop(CALL_GRACE).wait()
    sys.exit(0)


def _serve_debug(plugin: Modality) -> None:
    """Serves until Ctrl-C, to hosts that attach one after another. The process belongs to
    whoever has started it, and so does its terminal: breakpoint() opens a debugger there."""
    logging.basicConfig(level=logging.DEBUG, format="%(levelname)s %(name)s: %(message)s")
    # SIGINT too: whoever starts a job in the background of a script has it ignored.
    for asked in (signal.SIGTERM, signal.SIGINT):
        signal.signal(asked, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="fusemoe-debug-") as private:  # only we can enter it
        socket = os.path.join(private, "plugin.sock")
        server = new_server(plugin, lambda: None)
        server.add_insecure_port("unix:" + socket)
        server.start()
        try:
            print(f"FUSEMOE_REATTACH='{plugin.name}={socket}'", flush=True)
            print("Put this line before a fusemoe run whose config uses the plugin. Ctrl-C ends it.", file=sys.stderr)
            server.wait_for_termination()
        except KeyboardInterrupt:
            server.stop(None).wait()


def _keep_memory() -> None:
    """Keeps up to 64 MiB of freed memory. As it is, glibc gives the memory of each batch back
    to the system and takes it again for the next, page by page: half of the system time of
    a plugin that does little else."""
    trim_threshold, mmap_threshold = -1, -3  # of malloc.h
    try:
        libc = ctypes.CDLL(None)
        libc.mallopt(mmap_threshold, 32 << 20)
        libc.mallopt(trim_threshold, 64 << 20)
    except (AttributeError, OSError):
        pass  # another C library


def _take_streams() -> tuple[int, int, int]:
    """Takes stdin, stdout and stderr for the talk with the host. The author's code, and
    what it starts, reads nothing, and what it prints goes to stderr."""
    streams = os.dup(0), os.dup(1), os.dup(2)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(line_buffering=True)
    return streams


def _exit_with_host(stdin: int) -> None:
    """Ends the process when the host does, however the host ends: the host holds the other
    end of stdin, and the system closes it with the host's process."""
    try:
        while os.read(stdin, 4096):
            pass
    finally:  # any error means the same: nobody is there
        _remove_socket()
        if os.getpgrp() == os.getpid():  # the host gave us a group: end with what we started
            os.killpg(0, signal.SIGKILL)
        os._exit(1)


def _remove_socket() -> None:
    """Removes what a host that was killed cannot remove any more: the private directory
    with this plugin's socket, and the one around it after the last plugin."""
    private = Path(os.environ["PLUGIN_UNIX_SOCKET_DIR"])
    shutil.rmtree(private, ignore_errors=True)
    if private.parent.name.startswith("fusemoe-"):
        try:
            private.parent.rmdir()
        except OSError:
            pass  # other plugins are still there


def _exit_soon() -> None:
    """Ends the process even if a call does not."""
    time.sleep(END_GRACE)
    os._exit(0)
