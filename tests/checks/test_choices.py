"""Boards whose readers choose an installation by labels of targets other than job and instance."""

from __future__ import annotations

import pytest

from tests.checks.others import Json, board, graph, judge, rules, source, variable

CLUSTER = variable("cluster", multi=False)
ASKED = 'web_things{cluster="$cluster"}'


def judged(*expressions: str, variables: tuple[Json, ...] = (CLUSTER,)) -> set[str]:
    panels = [
        graph(each, id=number, title=f"Things {number}", gridPos={"x": 0, "y": 8 * number, "w": 24, "h": 8})
        for number, each in enumerate(expressions, 1)
    ]
    found = judge(board(*panels, variables=(source(), *variables)))
    return rules(found) & {"target-variables", "target-narrowed"}


def test_what_another_label_of_targets_chooses_needs_no_job() -> None:
    assert judged(ASKED, ASKED.replace("things", "asks")) == set()
    assert judged(ASKED, variables=(CLUSTER, variable("job"), variable("instance"))) == set()


@pytest.mark.parametrize(
    ("expressions", "variables"),
    [
        ((ASKED, "web_asks"), (CLUSTER,)),
        ((f"{ASKED} / on (cluster) web_asks",), (CLUSTER,)),
        ((ASKED,), (CLUSTER | {"query": "label_values(web_things, cluster)"},)),
        ((ASKED,), (CLUSTER | {"name": "which"},)),
        ((ASKED,), (variable("cluster"),)),
        ((ASKED,), (CLUSTER, variable("environment"))),
    ],
    ids=["one panel", "one selector", "no label of targets", "another name", "several at once", "one of two"],
)
def test_what_it_does_not_choose_is_told(expressions: tuple[str, ...], variables: tuple[Json, ...]) -> None:
    assert judged(*expressions, variables=variables) == {"target-variables"}
    targets = (*variables, variable("job"), variable("instance"))
    assert judged(*expressions, variables=targets) == {"target-narrowed"}
