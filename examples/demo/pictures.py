"""`python -m examples.demo.pictures --grafana URL`: every board as a small picture, into docs/img.

For the pictures of a fault, break something first with `python -m examples.faults`, and say --state faulted.
"""

from __future__ import annotations

import argparse
import sys
import urllib.parse
from collections.abc import Iterable, Sequence
from pathlib import Path

from dashboards.stack import STACK
from examples.demo.browser import Page, page
from examples.demo.process import ROOT, ServerError

IMAGES = ROOT / "docs/img"
WIDTH, HEIGHT = 1440, 900
# A picture is at most this long, and ends with a row; what lies deeper is seen in Grafana.
MOST = 2400
# What is not as high is the title of a row.
TITLE = 60
LARGEST = 140_000
QUALITIES = (80, 65, 50, 40, 30, 20)
READY = """
document.querySelectorAll('section[data-testid*="Panel header"], [data-viz-panel-key]').length > 0
&& !document.querySelector('.preloader, [data-testid="Spinner"], [aria-label="Panel loading bar"]')
&& ![...document.querySelectorAll('button')].some((each) => each.innerText.trim() === 'Cancel')
"""
LENGTH = "Math.max(document.documentElement.scrollHeight, document.body.scrollHeight)"
PLACES = """
[...document.querySelectorAll('.react-grid-item')].map((each) => each.getBoundingClientRect())
.map((each) => [each.top + window.scrollY, each.bottom + window.scrollY])
"""
Place = tuple[float, float]


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
        browser.resize(WIDTH, ends(browser.tells(PLACES), max(HEIGHT, int(browser.tells(LENGTH)))))
        browser.wait(READY)
        name = f"{uid.removeprefix('backend-')}-{options.state}.webp"
        yield options.output / name, small(browser, name)


def ends(places: Sequence[Place], length: int) -> int:
    """Where a picture ends: with the board, or else with a row, or with panels that stand beside each other.

    Args:
        places: top and bottom of each panel and title of a row.
        length: of the whole board.
    """
    if length <= MOST:
        return length
    titles = [top for top, bottom in places if bottom - top < TITLE]
    edges = [bottom for _, bottom in places]
    for found in (titles, edges):
        between = [
            at for at in found if HEIGHT <= at <= MOST and not any(top < at < end for top, end in places)
        ]
        if between:
            return int(max(between))
    return MOST


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
