"""A Chromium without a screen, spoken to over two pipes: nothing but the browser need be installed."""

from __future__ import annotations

import base64
import fcntl
import itertools
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from examples.demo.process import ServerError, program

FLAGS = (
    "--headless=new",
    "--disable-gpu",
    "--hide-scrollbars",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-dev-shm-usage",
    "--remote-debugging-pipe",
)
# Chromium reads what it is told there, and answers here.
TOLD, ANSWERS = 3, 4
END = b"\0"
PATIENCE = 240.0
PAUSE = 0.5
# So often in a row a page must say that it is ready.
QUIET = 4


class Page:
    """One page of the browser."""

    def __init__(self, told: int, answers: int) -> None:
        self._told, self._answers = told, answers
        self._numbers = itertools.count(1)
        self._rest = b""
        target = self._send("Target.createTarget", url="about:blank")["targetId"]
        self._session = ""
        self._session = self._send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]

    def _send(self, method: str, **parameters: Any) -> dict[str, Any]:
        number = next(self._numbers)
        message: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if getattr(self, "_session", ""):
            message["sessionId"] = self._session
        os.write(self._told, json.dumps(message).encode() + END)
        while (answer := self._next()).get("id") != number:
            pass
        if "error" in answer:
            raise ServerError(f"chromium refused {method}: {answer['error'].get('message')}")
        result: dict[str, Any] = answer["result"]
        return result

    def _next(self) -> dict[str, Any]:
        while END not in self._rest:
            read = os.read(self._answers, 1 << 16)
            if not read:
                raise ServerError("chromium ended; expected an answer; does it start with --headless?")
            self._rest += read
        line, _, self._rest = self._rest.partition(END)
        found: dict[str, Any] = json.loads(line)
        return found

    def resize(self, width: int, height: int) -> None:
        """As large as a screen of these pixels."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self._send("Emulation.setDeviceMetricsOverride", **size)

    def tells(self, script: str) -> Any:
        """What an expression of JavaScript is."""
        return self._send("Runtime.evaluate", expression=script, returnByValue=True)["result"].get("value")

    def open(self, url: str, ready: str) -> None:
        """Open an address, and wait until an expression stays true."""
        self._send("Page.navigate", url=url)
        self.wait(ready)

    def wait(self, ready: str) -> None:
        """Wait until an expression stays true.

        Raises:
            ServerError: it does not.
        """
        deadline, quiet = time.monotonic() + PATIENCE, 0
        while quiet < QUIET:
            if time.monotonic() > deadline:
                raise ServerError(f"{self.tells('location.href')}: not drawn after {PATIENCE:g} s")
            time.sleep(PAUSE)
            quiet = quiet + 1 if self.tells(ready) else 0

    def picture(self, quality: int) -> bytes:
        """What it looks like, as WebP of a quality up to 100."""
        data = self._send("Page.captureScreenshot", format="webp", quality=quality)["data"]
        return base64.b64decode(data)


@contextmanager
def page() -> Iterator[Page]:
    """A page of a browser that ends with the block.

    Raises:
        ServerError: there is no Chromium.
    """
    command = [program("chromium", package="chromium"), *FLAGS]
    command += ["--no-sandbox"] if os.geteuid() == 0 else []
    profile = tempfile.mkdtemp()
    theirs, told = os.pipe()
    answers, ours = os.pipe()

    def pipes() -> None:
        # Copied away first: one may have the other's number, or already its own.
        copies = [fcntl.fcntl(each, fcntl.F_DUPFD, 2 * ANSWERS) for each in (theirs, ours)]
        for copy, number in zip(copies, (TOLD, ANSWERS), strict=True):
            os.dup2(copy, number)

    process = subprocess.Popen(
        [*command, f"--user-data-dir={profile}"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=pipes,  # noqa: PLW1509 - this process has no other thread
        close_fds=False,
    )
    for descriptor in (theirs, ours):
        os.close(descriptor)
    try:
        yield Page(told, answers)
    finally:
        process.terminate()
        process.wait()
        for descriptor in (told, answers):
            os.close(descriptor)
        shutil.rmtree(profile, ignore_errors=True)
