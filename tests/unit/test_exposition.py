"""The page that Prometheus reads is the families that went in, whatever their labels and values."""

from __future__ import annotations

import gzip
import math
import subprocess
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from exporters.catalogue import CATALOGUE, Counter, Gauge, Histogram, Info, Label, Metric, Summary
from exporters.catalogue.types import COMPATIBLE_COUNTERS
from exporters.collectors.base import Family
from exporters.exposition import compress, render, write_ahead

WHERE = Label(name="where", help="A place.", bound="a test")
WHO = Label(name="who", help="A person.", bound="a test")
PLAIN = Gauge(name="test_plain", help='A "help" with a \\ and\na new line.', collector="test.unit")
LABELLED = Gauge(name="test_labelled", help="Two labels.", collector="test.unit", labels=(WHERE, WHO))
COUNTED = Counter(name="test_counted_total", help="A counter.", collector="test.unit", labels=(WHERE, WHO))
SWAPPED = Gauge(name="test_swapped", help="Other label names.", collector="test.unit", labels=(WHO, WHERE))

# What could end a label, a line or a page, or be taken for one.
HOSTILE = st.sampled_from(
    [
        "\\",
        '"',
        "\n",
        "\r",
        "\\n",
        '\\"',
        "}",
        "{",
        ",",
        "=",
        " 1",
        "#",
        "\n# TYPE test_x histogram\n",
        "\x85\u2028",
    ]
)
TEXT = st.text() | st.lists(HOSTILE, max_size=6).map("".join)
NUMBER = st.floats() | st.integers(min_value=-(2**70), max_value=2**70)
# As a server may write one.
WRITTEN = NUMBER.map(str) | st.decimals(allow_nan=False, allow_infinity=False).map("{:f}".format)


def read(body: bytes) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """By sample name and labels its value, as Prometheus sees it, to whom every number is a float."""
    return {
        (sample.name, frozenset(sample.labels.items())): float(sample.value)
        for family in text_string_to_metric_families(body.decode())
        for sample in family.samples
    }


def headings(body: bytes, word: str) -> list[tuple[str, str]]:
    """What stands after HELP or TYPE, by metric; the client's parser takes any TYPE for right."""
    start = f"# {word} "
    lines = [line.removeprefix(start) for line in body.decode().split("\n") if line.startswith(start)]
    return [(name, text) for name, _, text in (line.partition(" ") for line in lines)]


def metric_of(kind: type[Metric], number: int, help: str) -> Metric:
    """A metric of this kind whose help is this text."""
    name = f"test_{number}_total" if kind is Counter else f"test_{number}"
    more: dict[str, Any] = {"buckets": (1.0,)} if kind is Histogram else {}
    return kind(name=name, help=help, collector="test.unit", labels=(WHERE, WHO), **more)


def samples_of(value: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[tuple[str, str], Any]]:
    """Values by what stands in two labels."""
    return st.dictionaries(st.tuples(TEXT, TEXT), value, max_size=5)


METRICS = st.lists(
    st.tuples(
        st.sampled_from([Gauge, Counter, Info, Histogram, Summary]),
        TEXT.filter(str.strip),
        samples_of(NUMBER) | samples_of(WRITTEN) | samples_of(NUMBER | WRITTEN),
    ),
    max_size=5,
)


@given(METRICS)
def test_any_type_label_help_and_number_is_read_back(
    drawn: list[tuple[type[Metric], str, dict[tuple[str, str], float | str]]],
) -> None:
    made = [(metric_of(kind, number, help), samples) for number, (kind, help, samples) in enumerate(drawn)]

    page = render([Family(metric, list(samples), list(samples.values())) for metric, samples in made])

    plain = [(metric, samples) for metric, samples in made if isinstance(metric, Gauge | Counter | Info)]
    shown = [metric for metric, samples in plain if samples]
    types = {Gauge: "gauge", Counter: "counter", Info: "gauge"}
    assert headings(page.body, "TYPE") == [(metric.name, types[type(metric)]) for metric in shown]
    escaped = [(metric.name, metric.help.replace("\\", r"\\").replace("\n", r"\n")) for metric in shown]
    assert headings(page.body, "HELP") == escaped
    found = read(page.body)
    written = {
        (metric.name, frozenset({"where": where, "who": who}.items())): float(value)
        for metric, samples in plain
        for (where, who), value in samples.items()
    }
    assert page.series == len(found)
    assert page.dropped["invalid"] == sum(len(samples) for _, samples in made) - len(written)
    assert found.keys() == written.keys()
    assert all(
        found[key] == value or (math.isnan(found[key]) and math.isnan(value))
        for key, value in written.items()
    )


def test_a_histogram_costs_itself_alone() -> None:
    histogram, summary = metric_of(Histogram, 1, "H"), metric_of(Summary, 2, "S")

    page = render(
        [Family(histogram, [("a", "b")], [1]), Family(summary, [("a", "b")], [1]), Family(PLAIN, [()], [7])]
    )

    assert read(page.body) == {("test_plain", frozenset()): 7.0}
    assert page.dropped["invalid"] == 2


def test_help_and_type_stand_once_although_two_backends_write_the_metric() -> None:
    page = render(
        [
            Family(COUNTED, [("a", "b")], [1]),
            Family(PLAIN, [()], [0.5]),
            Family(COUNTED, [("c", "d")], [2]),
        ]
    )

    assert page.body.decode().splitlines() == [
        "# HELP test_counted_total A counter.",
        "# TYPE test_counted_total counter",
        'test_counted_total{where="a",who="b"} 1',
        'test_counted_total{where="c",who="d"} 2',
        r'# HELP test_plain A "help" with a \\ and\na new line.',
        "# TYPE test_plain gauge",
        "test_plain 0.5",
    ]


def test_a_shared_list_of_labels_is_written_with_the_names_of_each_metric() -> None:
    labels = [("a", "b")]

    page = render([Family(LABELLED, labels, [1]), Family(SWAPPED, labels, [2])])

    assert b'test_labelled{where="a",who="b"} 1\n' in page.body
    assert b'test_swapped{who="a",where="b"} 2\n' in page.body


def test_a_series_written_twice_keeps_its_first_value_and_is_counted() -> None:
    page = render([Family(LABELLED, [("a", "b"), ("a", "b")], [1, 2]), Family(LABELLED, [("a", "b")], [3])])

    assert page.body.endswith(b'test_labelled{where="a",who="b"} 1\n')
    assert page.series == 1
    assert page.dropped["duplicate"] == 2


def test_a_broken_sample_costs_itself_alone() -> None:
    labels: Any = [("a",), ("b", None), ("c", "c"), ("d", "d"), ("e", "e")]
    values: Any = [1, 1, None, "x"]

    page = render([Family(LABELLED, labels, values), Family(PLAIN, [()], [7])])

    assert read(page.body) == {("test_plain", frozenset()): 7.0}
    assert page.dropped["invalid"] == 5


@pytest.mark.parametrize("text", ["", "x", "1\n2", "1 2", "1\ntest_other 2", "0x10", "1 # {}", "--1", "1.e"])
def test_a_text_that_is_no_number_costs_itself_alone(text: str) -> None:
    for others in (["1"], [1.0]):
        page = render([Family(LABELLED, [("a", ""), ("b", "")], [text, *others])])

        assert read(page.body) == {("test_labelled", frozenset({"where": "b", "who": ""}.items())): 1.0}
        assert page.dropped["invalid"] == 1


def test_numbers_stand_as_the_server_wrote_them_and_whole_ones_without_a_fraction() -> None:
    written = ["9007199254740993", "-1", "0.10", "1e-05", "1.5e+30", "2.0"]

    page = render([Family(LABELLED, [(text, "") for text in written], written)])

    shown = [line.rpartition(b" ")[2].decode() for line in page.body.splitlines()[2:]]
    assert shown == [*written[:-1], "2"]


@pytest.mark.parametrize("text", ["1e400", "9" * 400, "1e+309"])
def test_a_number_too_large_for_a_float_is_written_as_one_that_prometheus_reads(text: str) -> None:
    page = render([Family(LABELLED, [("a", ""), ("b", "")], [text, "-" + text])])

    shown = [line.rpartition(b" ")[2] for line in page.body.splitlines()[2:]]
    assert shown == [b"+Inf", b"-Inf"]


def test_numbers_that_are_none_are_spelled_as_prometheus_does() -> None:
    strange: list[float | str] = [float("inf"), float("-inf"), float("nan"), "Infinity", "-Infinity", "NaN"]
    for values in (strange, strange[:3], strange[3:], [*strange, 1.5]):
        page = render([Family(LABELLED, [(str(place), "") for place in range(len(values))], values)])

        shown = [line.rpartition(b" ")[2].decode() for line in page.body.splitlines()[2:]]
        assert shown == [
            {"inf": "+Inf", "-inf": "-Inf", "nan": "NaN"}.get(str(float(value)), "1.5") for value in values
        ]


@pytest.mark.parametrize(
    ("sizes", "cap", "written"),
    [
        ([10, 1], 8, [7, 1]),  # whichever comes first
        ([1, 10], 8, [1, 7]),
        ([10, 2, 9], 13, [5, 2, 6]),
        ([3, 5, 5], 13, [3, 5, 5]),
        ([10, 10, 1], 2, [1, 0, 1]),  # and no family is empty
    ],
)
def test_past_the_cap_the_last_of_the_largest_families_are_left_out(
    sizes: list[int], cap: int, written: list[int]
) -> None:
    metrics = [replace(LABELLED, name=f"test_{number}") for number in range(len(sizes))]
    families = [
        Family(metric, [(str(n), "") for n in range(size)], [1] * size)
        for metric, size in zip(metrics, sizes, strict=True)
    ]
    # A sample of two families is looked at one by one, others by the whole family.
    parted = [
        Family(family.metric, family.labels[part], family.values[part])
        for family in families
        for part in (slice(2), slice(2, None))
    ]

    for shown in (families, parted):
        page = render(shown, max_series=cap)
        found = read(page.body)
        assert list(found) == [
            (metric.name, frozenset({("where", str(n)), ("who", "")}))
            for metric, count in zip(metrics, written, strict=True)
            for n in range(count)
        ]
        assert page.series == cap
        assert page.dropped["cap"] == sum(sizes) - cap
        assert page.body.count(b"# HELP") == sum(map(bool, written))
        again = render(shown, max_series=cap, kept=page.kept)
        assert (again.body, again.dropped) == (page.body, page.dropped)


def test_a_family_without_samples_is_not_on_the_page() -> None:
    assert render([Family(LABELLED, [], [])]).body == b""


def test_a_text_that_is_no_unicode_does_not_break_the_page() -> None:
    assert b'where="?"' in render([Family(LABELLED, [("\ud800", "")], [1])]).body


def test_compressed_bytes_are_the_page() -> None:
    body = render([Family(LABELLED, [(str(n), "") for n in range(100)], range(100))]).body

    assert gzip.decompress(compress(body)) == body
    assert len(compress(body)) < len(body) / 5


def complaints(metrics: list[Metric]) -> dict[str, str]:
    """By metric what promtool says of a page with one sample of each."""
    families = [Family(metric, [("x",) * len(metric.labels)], [1]) for metric in metrics]
    done = subprocess.run(
        ["promtool", "check", "metrics"], input=render(families).body, capture_output=True, check=False
    )
    lines = (line.partition(" ") for line in (done.stdout + done.stderr).decode().splitlines())
    return {name: complaint for name, _, complaint in lines}


def test_promtool_finds_fault_with_names_kept_for_compatibility_alone() -> None:
    ours = CATALOGUE.of("postgres", "redis", "exporter")
    no_total = {metric.name for metric in ours if metric.kind == "counter" and metric.name[-6:] != "_total"}
    a_count = {"pg_stat_activity_count", "pg_locks_count", "redis_keys_count"}

    found = complaints(list(ours))

    assert set(found) == no_total | a_count
    assert no_total <= COMPATIBLE_COUNTERS
    assert {found[name] for name in no_total} == {'counter metrics should have "_total" suffix'}


@pytest.mark.parametrize("broken", ["test_no_help", "test_x{"])
def test_promtool_does_find_fault(broken: str) -> None:
    done = subprocess.run(
        ["promtool", "check", "metrics"], input=f"{broken} 1\n".encode(), capture_output=True, check=False
    )

    assert done.stdout + done.stderr


def test_what_stood_on_the_page_before_is_not_written_again() -> None:
    metric = Gauge(name="test_kept", help="A number.", collector="postgres.test")
    other = Gauge(name="test_other", help="A number.", collector="postgres.test", labels=(WHERE,))
    same, wrong = Family(metric, [()], ["7"]), Family(other, [("a",), ("a",)], ["1", "2"])
    first = render([same, wrong])
    assert [text for _, text in first.kept.values()] == [
        first.body.decode().partition("# HELP test_other")[0]
    ]

    known = {key: (family, text.replace("7", "8")) for key, (family, text) in first.kept.items()}
    again = render([wrong, same], kept=known)
    assert b"test_kept 8\n" in again.body
    assert (again.series, again.dropped["duplicate"]) == (2, 1)
    assert again.kept == known
    assert b"test_kept 8\n" in render([replace(same, labels=[()], values=["7"])], kept=known).body
    # There may be less room, or another family of the metric; and one that is gone is not kept.
    assert b"test_kept" not in render([same], kept=known, max_series=0).body
    assert b"test_kept 7\n" in render([same, Family(metric, [()], ["9"])], kept=known).body
    assert render([], kept=known).kept == {}


def test_what_differs_from_the_page_before_is_written_as_it_is_now() -> None:
    before = Family(LABELLED, [("a", "b"), ("c", "d")], ["1", "2"])
    for change in (
        {"values": ["1", "3"]},
        {"values": ["1"], "labels": [("a", "b")]},
        {"labels": [("a", "b"), ("c", "e")]},
        {"metric": replace(LABELLED, help="Another.")},
        {"metric": replace(LABELLED, labels=(WHO, WHERE))},
    ):
        after = replace(before, **change)
        for kept in (render([before]).kept, write_ahead([before])):
            assert render([after], kept=kept).body == render([after]).body
            assert write_ahead([after], kept=kept) == write_ahead([after])
