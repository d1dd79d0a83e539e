"""One process to start, as the client asks the server for it."""

from __future__ import annotations

import json
import socket
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

Constants = Sequence[tuple[str, str, Any]]
"""(module, name, value) of constants of the code that a process replaces before its module runs."""

MOST_BYTES = 1 << 20
STREAMS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """``python -m module *arguments`` in ``folder``, with exactly ``environment``."""

    module: str
    arguments: list[str]
    folder: str
    environment: dict[str, str]
    constants: Constants = ()

    def send(self, control: socket.socket, answers: socket.socket, streams: list[int]) -> None:
        """Ask for the process. ``streams``: file descriptors of its standard input, output and error."""
        socket.send_fds(control, [json.dumps(asdict(self)).encode()], [answers.fileno(), *streams])

    @classmethod
    def receive(cls, control: socket.socket) -> tuple[Self, socket.socket, list[int]] | None:
        """The next job with its socket for answers and its streams; None when the client is gone."""
        message, descriptors, _, _ = socket.recv_fds(control, MOST_BYTES, 1 + STREAMS)
        if not message:
            return None
        answers, *streams = descriptors
        return cls(**json.loads(message)), socket.socket(fileno=answers), streams
