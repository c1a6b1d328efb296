"""What becomes of each series of other exporters is said, and the page that says it is current."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from click.testing import CliRunner

from exporters.catalogue import CATALOGUE, peers
from exporters.collectors.redis.compat import compatible
from exporters.commands.compatibility import ABSENT, FEWER, RENAMED, SAME, WITH_COMPAT, fates
from exporters.commands.metrics import command

FATES = {fate.name: fate for series in peers.PEERS.values() for fate in fates(series)}


def test_the_page_is_what_the_command_prints() -> None:
    result = CliRunner().invoke(command, ["--compatibility"])
    assert result.exit_code == 0, result.output
    assert result.stdout == Path("docs/compatibility.md").read_text(), "stale; run: make build"
    assert result.stdout.count("\n| `redis_memory_used_lua_bytes` |  | both | same with `--compat` |") == 1


def test_a_series_of_which_nobody_says_what_becomes_of_it_is_refused() -> None:
    with pytest.raises(LookupError, match="redis_unheard_of: nobody says what becomes of it"):
        list(fates("redis_up -\nredis_unheard_of -"))


def test_each_kind_is_said_of_what_it_is() -> None:
    assert (FATES["pg_up"].what, FATES["pg_up"].detail) == (SAME, "")
    assert FATES["pg_stat_database_xact_commit"].detail == "`datid` with `--compat` alone"
    assert FATES["pg_statio_user_tables_heap_blocks_hit"].what == WITH_COMPAT
    assert FATES["pg_stat_activity_count"].what == FEWER
    assert FATES["redis_latency_percentiles_usec"].what == RENAMED
    assert (FATES["redis_config_io_threads"].what, FATES["redis_config_io_threads"].detail) == (
        ABSENT,
        peers.CONFIG,
    )


def test_what_is_said_by_hand_is_of_use() -> None:
    assert {name for name, fate in FATES.items() if fate.what == RENAMED} == peers.RENAMED.keys()
    assert {name for name in peers.RENAMED.values() if CATALOGUE.find(name) is None} == set()
    assert peers.OTHERWISE.keys() <= set(peers.RENAMED.values())
    # An alert on `> 0` would fire for ever by the name alone.
    told = FATES["pg_exporter_last_scrape_error"].detail
    assert told == "`pg_scrape_collector_success`, of each collector, and 0 where theirs is 1"
    absent = {name for name, fate in FATES.items() if fate.what == ABSENT}
    for pattern in peers.ABSENT:
        assert any(fnmatchcase(name, pattern) for name in absent), pattern
    assert {name for name, fate in FATES.items() if fate.what == FEWER} == peers.FEWER.keys()


def test_what_compat_adds_is_theirs() -> None:
    assert {metric.name for metric in CATALOGUE.of("compat")} <= FATES.keys()


def test_a_word_where_a_number_is_expected_costs_its_field_alone() -> None:
    info = {"hz": "fast", "process_id": "7", "used_memory_lua": ""}
    found = {family.metric.name: list(family.values) for family in compatible([], info)}
    assert found == {"redis_process_id": [7.0]}
