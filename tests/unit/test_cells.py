"""Our numbers leave the very files that prometheus-client's own would leave."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.values import MultiProcessValue

from exporters.api.cells import FIRST_SIZE, Cell, cell_class
from exporters.api.reader import MetricFiles

KINDS = ("counter", "histogram", "gauge")
OPERATIONS = st.lists(
    st.tuples(
        st.sampled_from(KINDS),
        st.text(max_size=12),
        st.sampled_from(("inc", "set")),
        st.floats(allow_nan=False, allow_infinity=False),
    ),
    max_size=30,
)


def play(value_class: Callable[..., Cell], operations: list[tuple[str, str, str, float]]) -> list[float]:
    made: dict[tuple[str, str], Cell] = {}
    for kind, label, operation, amount in operations:
        if (kind, label) not in made:
            options = {"multiprocess_mode": "livesum"} if kind == "gauge" else {}
            made[kind, label] = value_class(kind, "name", "name", ("label",), (label,), "Help.", **options)
        getattr(made[kind, label], operation)(amount)
    return [each.get() for each in made.values()]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@settings(max_examples=50, deadline=None)
@given(first=OPERATIONS, second=OPERATIONS)
def test_the_files_are_those_of_the_client(
    tmp_path_factory: pytest.TempPathFactory,
    first: list[tuple[str, str, str, float]],
    second: list[tuple[str, str, str, float]],
) -> None:
    ours, theirs = tmp_path_factory.mktemp("ours"), tmp_path_factory.mktemp("theirs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PROMETHEUS_MULTIPROC_DIR", str(theirs))
        # The second life goes on from the numbers of the first.
        for operations in (first, second):
            values = play(cell_class(ours, lambda: "w0"), operations)
            client = MultiProcessValue(lambda: "w0")  # type: ignore[no-untyped-call]  # has no types
            assert values == play(client, operations)
            client.close_all_files()
    assert contents(ours) == contents(theirs)


@pytest.fixture
def counted(tmp_path: Path) -> Iterator[Callable[[str], float]]:
    """What a reader finds under a label, in all files."""
    files = MetricFiles(tmp_path)

    def read(label: str) -> float:
        files.read()
        numbers = {number for number, key in enumerate(files.keys) if dict(key.labels)["label"] == label}
        return sum(
            file.value(place)
            for file in files.files.values()
            for number, place in zip(file.keys, file.places, strict=True)
            if number in numbers
        )

    yield read
    for file in files.files.values():
        os.close(file.descriptor)


def test_a_number_made_before_the_file_grew_still_counts(
    tmp_path: Path, counted: Callable[[str], float]
) -> None:
    value_class = cell_class(tmp_path, lambda: "w0")
    early = value_class("counter", "name", "name", ("label",), ("early",), "Help.")
    early.inc(1)
    for number in range(2000):
        value_class("counter", "name", "name", ("label",), (f"label {number}",), "Help.").inc(2)
    early.inc(1)
    assert (tmp_path / "counter_w0.db").stat().st_size > FIRST_SIZE
    gc.collect()
    early.inc(1)
    assert counted("early") == 3
    assert counted("label 1999") == 2


def test_a_child_counts_in_files_of_its_own(tmp_path: Path, counted: Callable[[str], float]) -> None:
    parent = str(os.getpid())
    value_class = cell_class(tmp_path, lambda: "parent" if str(os.getpid()) == parent else "child")
    cell = value_class("counter", "name", "name", ("label",), ("a",), "Help.")
    cell.inc(5)
    idle = os.fork()
    if not idle:
        os._exit(0)
    os.waitpid(idle, 0)
    assert set(contents(tmp_path)) == {"counter_parent.db"}, "a child that measures nothing leaves nothing"
    child = os.fork()
    if not child:
        cell.inc(1)
        os._exit(0 if cell.get() == 1 else 1)
    assert os.waitpid(child, 0)[1] == 0
    cell.inc(1)
    assert cell.get() == 6
    assert set(contents(tmp_path)) == {"counter_parent.db", "counter_child.db"}
    assert counted("a") == 7
