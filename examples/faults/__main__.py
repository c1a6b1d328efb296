"""`python -m examples.faults NAME --chain FILE`: break something in the running demo, then mend it."""

from __future__ import annotations

import argparse
import inspect
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from examples.faults import FAULTS, FaultError, Targets, injected, make

COMMON = ("chain", "name", "seconds")
OPTIONS: dict[str, dict[str, Any]] = {
    "handler": {"help": "route template, such as /api/employees"},
    "delay": {"type": float, "help": "seconds added to each request"},
    "queries": {"type": int, "help": "statements added to each request"},
    "connections": {"type": int, "help": "how many; in the pool: of each worker"},
    "index": {"help": "name of the index"},
    "table": {"help": "name of the table"},
    "per_second": {"type": int, "help": "keys written per second once the memory is full"},
    "pause": {"type": float, "help": "seconds between two rounds"},
    "leave": {"type": int, "help": "connections of the server left to others"},
    "on_seconds": {"type": float, "help": "hold for so long, then let go; 0 holds all the time"},
    "off_seconds": {"type": float, "help": "let go for so long"},
    "size": {"type": int, "help": "bytes"},
    "role": {"help": "whose sessions; of PostgreSQL"},
    "rows": {"type": int, "help": "rows of the table"},
    "rounds": {"type": int, "help": "how often each row is updated"},
    "segments": {"type": int, "help": "segments of log, 16 MiB each"},
    "policy": {"help": "what Redis evicts when it is full, a maxmemory-policy"},
    "prefix": {"help": "of the keys"},
    "setting": {"help": "name of the setting"},
    "value": {"help": "what it is set to"},
    "share": {"type": float, "help": "connected clients over maxclients; above 1 others are refused"},
    "clients": {"type": int, "help": "how many"},
    "keys": {"type": int, "help": "how many are asked for at random"},
    "kind": {"help": "metrics or health"},
    "path": {"help": "where messages are refused"},
    "server": {"help": "api, exporter, postgres, redis, ..."},
}
PLACES = {"slow-endpoint": ("app", "database"), "hold-connections": ("pool", "server")}


def main() -> int:
    """Inject, wait, heal; 2 when there is nothing to inject into."""
    options = vars(_parser().parse_args())
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    name, seconds = options["name"], options["seconds"]
    given = {key: value for key, value in options.items() if key not in COMMON}
    try:
        with injected(make(name, Targets.load(options["chain"]), **given)):
            print(f"{name} is on, {f'for {seconds:g} s' if seconds else 'until Ctrl-C'}", flush=True)
            ended.wait(seconds or None)
    except FaultError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"{name} is healed")
    return 0


def _parser() -> argparse.ArgumentParser:
    """One subcommand a fault; its options and their defaults are the parameters of the function behind it."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--chain", type=Path, required=True, help="the file that `python -m examples.demo --stay` names"
    )
    common.add_argument("--seconds", type=float, default=0.0, help="heal after this time; default: at Ctrl-C")
    parser = argparse.ArgumentParser(prog="python -m examples.faults", description=__doc__)
    commands = parser.add_subparsers(dest="name", metavar="NAME", required=True)
    for name, factory in FAULTS.items():
        summary = (inspect.getdoc(factory) or "").partition("\n")[0]
        command = commands.add_parser(name, help=summary, description=summary, parents=[common])
        for parameter in inspect.signature(factory).parameters.values():
            if parameter.kind is parameter.KEYWORD_ONLY:
                _add(command, name, parameter)
    return parser


def _add(command: argparse.ArgumentParser, fault: str, parameter: inspect.Parameter) -> None:
    if parameter.default is parameter.empty:
        command.add_argument(parameter.name, **OPTIONS[parameter.name])
        return
    option = (
        {"choices": PLACES[fault], "help": "where"} if parameter.name == "at" else OPTIONS[parameter.name]
    )
    flag = f"--{parameter.name.replace('_', '-')}"
    text = f"{option['help']}; default {parameter.default}"
    command.add_argument(flag, default=argparse.SUPPRESS, **{**option, "help": text})


if __name__ == "__main__":
    sys.exit(main())
