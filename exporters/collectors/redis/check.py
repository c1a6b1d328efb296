"""Try every command that the collectors send to a Redis once, and say which the user is denied."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace

from redis.exceptions import AuthenticationError, BusyLoadingError, NoPermissionError, ResponseError

from exporters.collectors.names import Names
from exporters.collectors.outcome import Outcome, State, off
from exporters.collectors.redis import (
    INFO,
    MOST_DATABASES,
    QUESTIONS,
    SLOWLOG,
    UP,
    ages,
    keyspace,
    require_loaded,
    sample,
)
from exporters.collectors.redis.address import Address, parse_url
from exporters.collectors.redis.codes import explained
from exporters.collectors.redis.connection import CLIENT_NAME, Command, Reply, Session
from exporters.collectors.redis.info import InfoCollector, parse_info
from exporters.collectors.redis.passes import LOOKS
from exporters.collectors.redis.settings import RedisSettings
from exporters.overlaps import overlaps, said

KEYSPACE, SAMPLE, AGES = keyspace.COLLECTOR, sample.COLLECTOR, ages.COLLECTOR
SECONDS = 5.0
OLDEST = (6, 2)
# As redis.acl has them.
RULES = "on resetpass resetkeys resetchannels -@all +info +scan +select +slowlog|len +client|setname"
# What sampled keys need beyond that.
USAGE, LIFE, IDLE = "~* +memory|usage", "~* +ttl", "+object|idletime"
MORE = {sample: USAGE, ages: f"{LIFE} {IDLE}"}
NO_KEY = b"obs-exporter:check"  # asked for where no key is met; it need not be there
NAME: Command = ("CLIENT", "SETNAME", CLIENT_NAME)
SCAN: Command = ("SCAN", b"0", "COUNT", 1)
MEMORY: Command = ("INFO", "memory")  # one of LOOKS, which says what is evicted


def check(settings: RedisSettings) -> list[Outcome]:
    """Each collector's outcome; one alone where nobody answers.

    Raises:
        ConfigError: the URL cannot be read.
    """
    address = parse_url(settings.url())
    deadline = time.monotonic() + SECONDS
    try:
        session = Session(address, deadline)
        try:
            return list(_outcomes(session, address, settings, deadline))
        finally:
            session.close()
    except Exception as error:  # whatever a server or a network has in store
        state = State.REFUSED if _answered(error) else State.UNREACHABLE
        detail = f"{_said(error)}; asked at {address}"
        # What the default user's password is stands in the server's own file.
        lost = isinstance(error, AuthenticationError) and address.username not in ("", "default")
        more = " ".join(rules for each, rules in MORE.items() if not settings.lacking(each.OPTIONS))
        rules = " ".join(dict.fromkeys(f"{RULES} {more}".split()))
        mend = (f"ACL SETUSER {address.username} {rules} >PASSWORD", "CONFIG REWRITE") if lost else ()
        return [Outcome(collector=UP, state=state, detail=detail, mend=mend)]


def _outcomes(
    session: Session, address: Address, settings: RedisSettings, deadline: float
) -> Iterator[Outcome]:
    parts: dict[str, dict[Command, str]] = {
        UP: {NAME: "+client|setname"},
        INFO: {QUESTIONS[INFO]: "+info"},
        SLOWLOG: {QUESTIONS[SLOWLOG]: "+slowlog|len"},
        KEYSPACE: {**dict.fromkeys(LOOKS, "+info"), ("SELECT", 0): "+select", SCAN: "+scan"},
    }
    commands = [command for part in parts.values() for command in part]
    replies = dict(zip(commands, session.ask(commands, deadline), strict=True))
    require_loaded(replies[QUESTIONS[INFO]])
    met = replies[SCAN].value
    key = met[1][0] if isinstance(met, list) and met[1] else NO_KEY
    usage: Command = ("MEMORY", "USAGE", key)
    life: Command = ("TTL", key)
    idle: Command = ("OBJECT", "IDLETIME", key)
    parts[SAMPLE] = {usage: USAGE}
    parts[AGES] = {life: LIFE, idle: IDLE}
    lacking = {each.COLLECTOR: settings.lacking(each.OPTIONS) for each in (keyspace, sample, ages)}
    details = {KEYSPACE: said(found) if (found := overlaps(settings.key_patterns)) else ""}
    if "-lfu" in str(replies[MEMORY].value):
        del parts[AGES][idle]
        details[AGES] = "an LFU policy evicts, so Redis keeps no idle times"
    asked = [command for name in (SAMPLE, AGES) if not lacking[name] for command in parts[name]]
    replies |= zip(asked, session.ask(asked, deadline), strict=True)
    for name, part in parts.items():
        if options := lacking.get(name):
            yield off(name, options, " and ")
            continue
        outcome = _outcome(name, {rule: replies[command] for command, rule in part.items()}, address)
        works = outcome.state is State.WORKS
        yield replace(outcome, detail=details.get(name, "")) if works else outcome


def _outcome(name: str, replies: Mapping[str, Reply], address: Address) -> Outcome:
    """Of one collector, by the rules of an ACL that allow its commands, and what these brought."""
    seconds = sum(reply.seconds for reply in replies.values())
    denied = [rule for rule, reply in replies.items() if isinstance(reply.value, NoPermissionError)]
    if denied:
        rules = " ".join(denied)
        mend = (f"ACL SETUSER {address.username or 'default'} {rules}",)
        return Outcome(collector=name, state=State.PRIVILEGE, detail=rules, mend=mend, seconds=seconds)
    errors = [reply.value for reply in replies.values() if isinstance(reply.value, Exception)]
    if errors and name != UP:  # a proxy that knows no names tells of the server behind it all the same
        return Outcome(collector=name, state=State.FAILS, detail=_said(errors[0]), seconds=seconds)
    if name == INFO:
        return _info(next(iter(replies.values())))
    return Outcome(collector=name, state=State.WORKS, seconds=seconds)


def _info(reply: Reply) -> Outcome:
    try:
        info = parse_info(reply.value)
        list(InfoCollector(Names(MOST_DATABASES)).families(info))
        version = info.get("redis_version", "")
        old = tuple(map(int, version.split(".")[:2])) < OLDEST
    except Exception as error:  # an answer otherwise than expected
        return Outcome(collector=INFO, state=State.FAILS, detail=_said(error), seconds=reply.seconds)
    if old:
        detail = f"Redis {version}, needs {'.'.join(map(str, OLDEST))}"
        return Outcome(collector=INFO, state=State.VERSION, detail=detail, seconds=reply.seconds)
    return Outcome(collector=INFO, state=State.WORKS, seconds=reply.seconds)


def _answered(error: Exception) -> bool:
    """Whether it is the server's own word; that there are too many clients redis-py tells by its text."""
    own = isinstance(error, ResponseError | AuthenticationError | BusyLoadingError)
    return own or "max number of clients" in str(error)


def _said(error: Exception) -> str:
    return f"{explained(type(error).__name__)}: {str(error).rstrip('.')}"
