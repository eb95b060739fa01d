"""A plugin that tries to read what is none of its business, and tells what it could do."""

import logging
import os
import socket
import tempfile

import fusemoe


def connect(family, kind, address):
    with socket.socket(family, kind) as s:
        s.connect(address)


def send(address):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.sendto(b"patient", address)


class Fugitive:
    name, version, kind = "fugitive", "1.0.0", fusemoe.EMBEDDINGS
    accepts = ["text/plain"]

    def configure(self, config):
        self.work_dir = config.work_dir
        return 1

    def encode(self, sample):
        patient = os.environ["FUSEMOE_TEST_PATIENT"]
        host, port = os.environ["FUSEMOE_TEST_TCP"].rsplit(":", 1)
        address = (host, int(port))
        attempts = {
            "read another patient's file": lambda: open(patient).read(),
            "list the folder": lambda: os.listdir(os.path.dirname(patient)),
            "write beside it": lambda: open(patient + ".copy", "w").close(),
            "connect over TCP": lambda: connect(socket.AF_INET, socket.SOCK_STREAM, address),
            "send over UDP": lambda: send(address),
            "use another's Unix socket": lambda: connect(
                socket.AF_UNIX, socket.SOCK_STREAM, os.environ["FUSEMOE_TEST_UNIX"]
            ),
            "read the host's environment": lambda: open(f"/proc/{os.getppid()}/environ").read(),
            "read its model": lambda: open(os.environ["FUSEMOE_TEST_MODEL"]).read(),
            "write to its directory": lambda: open(os.path.join(self.work_dir, "kept"), "w").close(),
            "make a temporary file": lambda: tempfile.TemporaryFile().close(),
        }
        for what, attempt in attempts.items():
            try:
                attempt()
                said = "done"
            except OSError as err:
                said = type(err).__name__
            logging.info("attempt", extra={"what": what, "said": said})
        logging.info("given up")
        return fusemoe.Sequence([0.0], [[len(sample.items[0].content())]])


fusemoe.serve(Fugitive())
