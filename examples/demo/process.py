"""Start a server, wait until it answers, stop it with all its children; leave nothing behind."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Where `free_port` looks, and those of them that it has not looked at, in any order.
PORTS = range(10_000, 32_000)
_left: list[int] = []


class ServerError(RuntimeError):
    """A server did not start, or a program that it needs is not installed."""


def free_port() -> int:
    """A port on 127.0.0.1 that nobody listens on now; another each time, for its server may not be there yet.

    Below those that the kernel gives to outgoing connections: one of these could take the port before its
    server does, or between a stop and a start.
    """
    while True:
        if not _left:
            _left.extend(random.sample(PORTS, len(PORTS)))
        port = _left.pop()
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def program(name: str, *more: str, package: str = "", advice: str = "") -> str:
    """The path of a program, looked for on PATH and then in these places.

    Args:
        name: of the program.
        more: places.
        package: of Debian, that has it.
        advice: how to get it where Debian has none.

    Raises:
        ServerError: it is not installed; the message says how to get it.
    """
    found = shutil.which(name) or next((path for path in more if os.access(path, os.X_OK)), None)
    if found is None:
        get = advice or f"try: apt-get install {package}"
        raise ServerError(f"{name} is not installed; expected it on PATH; {get}")
    return found


def wait_until(ready: Callable[[], bool], what: str, *, timeout: float = 30.0, pause: float = 0.05) -> None:
    """Return when `ready` says so.

    Raises:
        ServerError: it did not within `timeout` seconds.
    """
    deadline = time.monotonic() + timeout
    while not ready():
        if time.monotonic() > deadline:
            raise ServerError(f"{what}: not ready after {timeout:g} s")
        time.sleep(pause)


def listening(port: int) -> bool:
    """Whether something accepts connections on this port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Server:
    """A process group of our own, with its log in a file."""

    def __init__(self, name: str, log: Path) -> None:
        self.name = name
        self.log = log
        self.process: subprocess.Popen[bytes] | None = None

    def launch(
        self,
        command: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        user: str = "",
        stop_signal: str = "TERM",
    ) -> None:
        """Start `command`; the kernel sends it `stop_signal` should this process die first."""
        guard = ["setpriv", "--pdeathsig", stop_signal]
        if user:
            guard += ["--reuid", user, "--regid", user, "--init-groups"]
        self.stop_signal = signal.Signals[f"SIG{stop_signal}"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*guard, *command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(env or {})},
                cwd=cwd,
                start_new_session=True,
            )

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self.process is not None and self.process.poll() is None

    def wait_for(self, ready: Callable[[], bool], *, timeout: float = 30.0) -> None:
        """Return when `ready` says so.

        Raises:
            ServerError: the process ended, or took too long; the end of its log is in the message.
        """

        def ready_or_dead() -> bool:
            return not self.alive or ready()

        try:
            wait_until(ready_or_dead, self.name, timeout=timeout)
        except ServerError as error:
            raise ServerError(f"{error}; the end of its log:\n{self.tail()}") from None
        if not self.alive:
            raise ServerError(f"{self.name}: ended at start; the end of its log:\n{self.tail()}")

    def tail(self, lines: int = 15) -> str:
        """The last lines of the log."""
        if not self.log.exists():
            return "(no log)"
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def signal_group(self, what: signal.Signals) -> None:
        """Send a signal to the process and all its children."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, what)

    def stop(self, timeout: float = 10.0) -> None:
        """End the process and all its children; a frozen one is thawed first."""
        if self.process is None:
            return
        self.signal_group(signal.SIGCONT)
        if self.alive:
            self.process.send_signal(self.stop_signal)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout)
        self.signal_group(signal.SIGKILL)
        self.process.wait()
        self.process = None
