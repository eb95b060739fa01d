"""The plugin as a process: what the host sees of its start, its output and its end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from conftest import HANG

from fusemoe.modality.v1 import modality_pb2 as pb

ROOT = Path(__file__).parent.parent

PLUGIN = """
import logging, os, subprocess, sys, time, warnings
import fusemoe

class Plugin:
    name, version, kind = "process", "1.0.0", fusemoe.EMBEDDINGS
    accepts = ["text/plain"]

    def configure(self, config):
        {}
        return 1

    def encode(self, sample):
        return None

{}
fusemoe.serve(Plugin())
"""


@pytest.fixture
def sockets() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="fusemoe-") as run:
        (Path(run) / "own").mkdir()
        yield Path(run) / "own"
        Path(run).mkdir(exist_ok=True)  # a plugin whose host was killed removes it


def start(sockets: Path, *args: str, configure: str = "", main: str = "", **env: str) -> subprocess.Popen[bytes]:
    """Starts a plugin as the host does, with some lines of its own in it."""
    host = {"FUSEMOE_PLUGIN": "modality", "PLUGIN_UNIX_SOCKET_DIR": str(sockets)}
    return subprocess.Popen(
        [sys.executable, "-c", PLUGIN.format(configure.replace("\n", "\n        "), main), *args],
        env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]} | host | env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,  # which is also a group of its own
    )


def handshake(process: subprocess.Popen[bytes]) -> str:
    """The address in the handshake."""
    assert process.stdout
    core, protocol, network, address, kind, _ = process.stdout.readline().decode().split("|")
    assert (core, protocol, network, kind) == ("1", "1", "unix", "grpc")
    return f"unix:{address}"


def end(process: subprocess.Popen[bytes], address: str, *calls: str) -> list[str]:
    """Ends a plugin as the host does, after some calls, and returns what it wrote."""
    with grpc.insecure_channel(address) as channel:
        for call in calls:
            channel.unary_unary(call)(b"", timeout=HANG)
        try:
            channel.unary_unary("/plugin.GRPCController/Shutdown")(b"", timeout=HANG)
        except grpc.RpcError as err:  # it may be gone before it has answered
            assert err.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED)
        assert process.stderr
        lines = [line for line in process.stderr.read().decode().splitlines() if line]
    assert process.wait(HANG) == 0
    return lines


CONFIGURE = "/fusemoe.modality.v1.Modality/Configure"


def test_prints_never_disturb_the_handshake(sockets: Path) -> None:
    process = start(sockets, main='print("first")', configure='print("second")\nos.system("echo third")')
    assert end(process, handshake(process), CONFIGURE) == ["first", "second", "third"]


def test_a_line_without_an_end_does_not_spoil_a_log_line(sockets: Path) -> None:
    process = start(sockets, main='print("50 %", end="")', configure='logging.error("e")')
    progress, line = end(process, handshake(process), CONFIGURE)
    assert progress == "50 %" and json.loads(line)["@message"] == "e"


LOGGING = """
logging.getLogger("mine").warning("few channels: %d", 3, extra={"channels": 3, "odd": object()})
logging.debug("details")
warnings.warn("old")
try:
    int("Mr Smith")
except ValueError:
    logging.exception("no number")
"""


def test_what_is_logged_reaches_the_host_with_level_and_fields(sockets: Path) -> None:
    process = start(sockets, configure=LOGGING)
    wrote = end(process, handshake(process), CONFIGURE)
    few, warning, error = map(json.loads, wrote)
    channels = {"channels": 3, "odd": "object"}
    assert few == {"@level": "warn", "@message": "few channels: 3", "@module": "mine"} | channels
    assert "UserWarning: old" in warning["@message"]
    assert (error["@level"], error["@message"], error["exception"]) == ("error", "no number", "ValueError")
    assert "Smith" not in "".join(wrote)  # the words of an exception may quote a patient


def test_the_host_says_which_lines_it_wants(sockets: Path) -> None:
    process = start(sockets, configure='logging.warning("w")\nlogging.error("e")', FUSEMOE_PLUGIN_LOG="error")
    (line,) = end(process, handshake(process), CONFIGURE)
    assert json.loads(line)["@message"] == "e"


def test_the_authors_code_and_its_children_have_no_stdin(sockets: Path) -> None:
    process = start(sockets, configure='print(repr(sys.stdin.read()))\nos.system("cat")')
    assert end(process, handshake(process), CONFIGURE) == ["''"]


def test_nothing_outlives_the_host(sockets: Path) -> None:
    process = start(sockets, main='print(subprocess.Popen(["sleep", "1000"]).pid, file=sys.stderr)')
    handshake(process)
    assert process.stderr and process.stdin
    child = int(process.stderr.readline())
    process.stdin.close()  # as the system does when the host is gone
    assert process.wait(HANG) == -signal.SIGKILL
    assert gone(child)
    assert not sockets.parent.exists()


def gone(pid: int) -> bool:
    """Whether the process has ended, or is about to."""
    for _ in range(100 * HANG):
        try:
            if Path(f"/proc/{pid}/stat").read_text().rsplit(")")[-1].split()[0] in "ZX":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.01)
    return False


def test_a_call_that_does_not_return_cannot_hold_up_the_end(sockets: Path) -> None:
    process = start(sockets, configure='print("in")\ntime.sleep(10000)')
    address = handshake(process)
    with grpc.insecure_channel(address) as channel:
        call = channel.unary_unary(CONFIGURE).future(b"")
        assert process.stderr
        assert process.stderr.readline() == b"in\n"
        end(process, address)
        assert call.code() == grpc.StatusCode.UNAVAILABLE


@pytest.mark.parametrize(
    "args, code, want",
    [((), 1, "This is process 1.0.0, a modality plugin of fusemoe"), (("-describe",), 0, '"name": "process"')],
)
def test_started_by_hand_it_says_what_it_is(sockets: Path, args: tuple[str, ...], code: int, want: str) -> None:
    process = start(sockets, *args, FUSEMOE_PLUGIN="")
    out, err = process.communicate()
    assert process.returncode == code
    assert want in (out + err).decode()


def test_a_class_that_is_no_plugin_ends_with_a_sentence(sockets: Path) -> None:
    process = start(sockets, main="del Plugin.accepts")
    _, err = process.communicate()
    assert process.returncode == 1
    assert err.decode() == "this is no modality plugin: class Plugin has no accepts; see fusemoe.Modality\n"


def test_debug_serves_hosts_that_attach_until_it_is_interrupted() -> None:
    process = start(Path("/nowhere"), "-debug")
    assert process.stdout and process.stderr
    name, _, socket = process.stdout.readline().decode().strip().partition("='process=")
    assert name == "FUSEMOE_REATTACH"
    socket = socket.strip("'")
    for _ in range(2):
        with grpc.insecure_channel(f"unix:{socket}") as channel:
            raw = channel.unary_unary("/fusemoe.modality.v1.Modality/Describe")(b"", timeout=HANG)
            assert pb.DescribeResponse.FromString(raw).name == "process"
    process.send_signal(signal.SIGINT)
    assert process.wait(HANG) == 0
    assert b"Ctrl-C ends it" in process.stderr.read()
    assert not Path(socket).parent.exists()


def test_a_python_without_grpc_is_told_what_to_install() -> None:
    lines = "import sys; sys.modules['grpc'] = None; import fusemoe"
    env = {"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]}
    ended = subprocess.run([sys.executable, "-c", lines], env=env, capture_output=True, text=True, check=False)
    said = f"ImportError: fusemoe needs grpcio, protobuf and numpy, and {sys.executable} has no grpc; run "
    assert ended.stderr.splitlines()[-1].startswith(said)
