"""Samples of a case's past in real time, and blocks of them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from alerts.model import Alert
from alerts.proof.backfill import MARGIN, STEP, Backfill, Span, make_blocks
from alerts.proof.model import Case, ProofError
from alerts.proof.series import Series, counter, gauge
from alerts.rules import api_load
from exporters.catalogue import api, postgres_objects

NOW, FAULT = 1_800_000_000, 600
WHOLE = Span(now=NOW, until=NOW)
TABLE = {"datname": "backend", "schemaname": "public", "relname": "timer_cards"}
COUNTED = counter(api.EXCEPTIONS, (1, 0), 0, 15.0, 0, handler="/", exception="KeyError")
APPEARS = counter(api.EXCEPTIONS, None, None, 1, None, handler="/", exception="KeyError")
VACUUMED = gauge(postgres_objects.TABLE_LAST_VACUUM, -60, 0, -FAULT, 0, **TABLE)


def past(series: Series, alert: Alert = api_load.API_TRAFFIC_DROP) -> Backfill:
    case = Case(alert=alert, labels={}, summary="", step=15, series=(series,))
    return Backfill(case=case, looks_back=3600, fault=FAULT, value=1)


def samples(series: Series, *, span: Span = WHOLE, sick: bool = True) -> Iterator[tuple[int, float]]:
    for line in past(series).lines({"environment": "here"}, span, sick=sick):
        name, value, time = line.rsplit(" ", 2)
        assert name.startswith(f"{series.name}{{")
        assert 'environment="here"' in name
        yield int(time), float(value)


def test_the_past_is_health_and_then_the_fault_until_now() -> None:
    found = list(samples(COUNTED))
    times = [time for time, _ in found]
    assert times == list(range(NOW - 3600 - MARGIN, NOW + 1, STEP))
    grown = {time: after - before for (_, before), (time, after) in pairwise(found)}
    # A pattern is taken sample by sample; a rate is one of seconds, whatever the step of the case.
    assert [grown[time] for time in times[-14:]] == [0, 1, 0, 1, *[60] * 10]


def test_health_goes_on_to_the_end_and_after_it() -> None:
    later = Span(now=NOW, until=NOW + 3 * STEP, after=NOW)
    assert [value for _, value in samples(VACUUMED, span=later, sick=False)] == [NOW, NOW + 60, NOW + 120]
    assert list(samples(APPEARS, sick=False)) == []


def test_the_rest_goes_on_where_the_first_part_ended() -> None:
    rest = Span(now=NOW, until=NOW + 2 * STEP, after=NOW)
    whole = list(samples(COUNTED, span=Span(now=NOW, until=NOW + 2 * STEP)))
    assert [*samples(COUNTED), *samples(COUNTED, span=rest)] == whole


def test_what_happens_no_more_is_ever_longer_ago() -> None:
    ages = [time - value for time, value in samples(VACUUMED)]
    assert ages[-12:] == [60, 60, *range(60, FAULT + 1, STEP)]


def test_a_limit_beyond_is_one_that_the_fault_does_not_cross() -> None:
    assert past(COUNTED).beyond == 0.9  # it fires below


def test_what_is_no_sample_makes_no_blocks(tmp_path: Path) -> None:
    with pytest.raises(ProofError, match=r"promtool makes no blocks of .*past\.om: "):
        make_blocks(["up{ 1\n"], tmp_path / "tsdb")
    make_blocks([f"up 1 {NOW}\n"], tmp_path / "tsdb")
    assert len(list((tmp_path / "tsdb").glob("*/meta.json"))) == 1


def test_without_promtool_there_are_no_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alerts.proof.promtool.PROMTOOL", "no-promtool")
    with pytest.raises(ProofError, match="apt-get install prometheus"):
        make_blocks([], tmp_path / "tsdb")
