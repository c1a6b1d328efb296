"""`python -m examples.demo.pictures --grafana URL`: every board as a small picture, into docs/img.

For the pictures of a fault, break something first with `python -m examples.faults`, and say --state faulted.
"""

from __future__ import annotations

import argparse
import sys
import urllib.parse
from collections.abc import Iterable
from pathlib import Path

from dashboards.stack import STACK
from examples.demo.browser import Page, page
from examples.demo.process import ROOT, ServerError

IMAGES = ROOT / "docs/img"
WIDTH, HEIGHT = 1440, 900
# A board may be this long; what lies deeper is seen in Grafana.
MOST = 2400
LARGEST = 140_000
QUALITIES = (80, 65, 50, 40, 30, 20)
READY = """
document.querySelectorAll('section[data-testid*="Panel header"], [data-viz-panel-key]').length > 0
&& !document.querySelector('.preloader, [data-testid="Spinner"], [aria-label="Panel loading bar"]')
&& ![...document.querySelectorAll('button')].some((each) => each.innerText.trim() === 'Cancel')
"""
LENGTH = "Math.max(document.documentElement.scrollHeight, document.body.scrollHeight)"


def main() -> int:
    """Take them; 2 if there is no Grafana or no browser."""
    parser = argparse.ArgumentParser(prog="python -m examples.demo.pictures", description=__doc__)
    parser.add_argument("--grafana", metavar="URL", required=True, help="one in which anybody may look")
    parser.add_argument("--state", choices=("fixed", "faulted"), default="fixed", help="in the file's name")
    parser.add_argument("--minutes", type=int, default=30, help="the range shown; default: 30")
    parser.add_argument("--output", type=Path, default=IMAGES)
    known = [board.uid for board in STACK.all_boards]
    parser.add_argument("boards", nargs="*", metavar="BOARD", help=f"of {', '.join(known)}; default: all")
    options = parser.parse_args()
    unknown = [uid for uid in options.boards if uid not in known]
    if unknown:
        parser.error(f"no board {unknown[0]!r}; there are {', '.join(known)}")
    try:
        with page() as browser:
            for path, content in taken(browser, options.boards or known, options):
                path.write_bytes(content)
                print(f"{path}: {len(content) // 1000} kB")
    except ServerError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def taken(browser: Page, boards: Iterable[str], options: argparse.Namespace) -> Iterable[tuple[Path, bytes]]:
    """Each board's file and its picture."""
    for uid in boards:
        shown = {"from": f"now-{options.minutes}m", "to": "now", "theme": "dark"}
        browser.resize(WIDTH, HEIGHT)
        url = f"{options.grafana.rstrip('/')}/d/{uid}?{urllib.parse.urlencode(shown)}&kiosk"
        browser.open(url, READY)
        # Panels below the window are drawn only once they are in it.
        browser.resize(WIDTH, min(MOST, max(HEIGHT, int(browser.tells(LENGTH)))))
        browser.wait(READY)
        name = f"{uid.removeprefix('backend-')}-{options.state}.webp"
        yield options.output / name, small(browser, name)


def small(browser: Page, name: str) -> bytes:
    """The best picture that is small enough.

    Raises:
        ServerError: none is.
    """
    for quality in QUALITIES:
        content = browser.picture(quality)
        if len(content) <= LARGEST:
            return content
    raise ServerError(
        f"{name}: more than {LARGEST // 1000} kB even at quality {QUALITIES[-1]}; show less of it"
    )


if __name__ == "__main__":
    sys.exit(main())
