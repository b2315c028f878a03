"""A mirror on 127.0.0.1 that serves a folder, well or badly."""

import threading
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Mirror(ThreadingHTTPServer):
    """Serves ``folder``; ``requested`` lists the file names it was asked for, in order.

    ``fault(handler, content)``, where given, answers in place of a folder's file; where it
    returns false, nothing has been answered yet and the file is sent as it is.
    """

    def __init__(self, folder, fault=None):
        super().__init__(("127.0.0.1", 0), partial(_Handler, directory=str(folder)))
        self.fault = fault
        self.requested = []
        self.closing = threading.Event()

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_port}/"


class _Handler(SimpleHTTPRequestHandler):
    def do_GET(self):
        self.server.requested.append(self.path.lstrip("/"))
        file = Path(self.translate_path(self.path))
        fault = self.server.fault
        if not (fault and file.is_file() and fault(self, file.read_bytes())):
            super().do_GET()

    def log_message(self, *arguments):
        """Keep the tests' output clean."""


@contextmanager
def loopback_mirror(folder, fault=None):
    """Yield a :class:`Mirror` that serves ``folder`` for the length of the block."""
    with Mirror(folder, fault) as mirror:
        threading.Thread(target=mirror.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield mirror
        finally:
            mirror.closing.set()
            mirror.shutdown()


def truncate(handler, content):
    """Announce the whole file and send half of it."""
    _send(handler, content[: len(content) // 2], announced=len(content))
    return True


def stall(handler, content):
    """Announce the whole file, send half of it, and then nothing until the mirror closes."""
    truncate(handler, content)
    handler.server.closing.wait()
    return True


def change(handler, content):
    """Send a file of the right length with one wrong byte."""
    _send(handler, content[:-1] + bytes([content[-1] ^ 1]), announced=len(content))
    return True


def busy_at_first(handler, content):
    """Answer 503 to the first request for each file, then send the file."""
    first = handler.server.requested.count(handler.path.lstrip("/")) == 1
    if first:
        handler.send_error(503)
    return first


def _send(handler, body, announced):
    handler.send_response(200)
    handler.send_header("Content-Length", str(announced))
    handler.end_headers()
    handler.wfile.write(body)
    handler.wfile.flush()
