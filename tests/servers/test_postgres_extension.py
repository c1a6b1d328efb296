"""Where pg_stat_statements lives is asked apart: a lock on the list of extensions costs nothing else."""

from __future__ import annotations

from contextlib import closing

import pytest

from examples.demo.databases import Postgres
from exporters.catalogue import postgres as catalogue
from exporters.catalogue import postgres_objects as objects
from exporters.collectors.postgres import PostgresBackend
from tests.servers.failure_support import DATABASE, assert_well, errors, failing, locked, timed
from tests.servers.postgres_support import collect, watch

STATEMENTS = {"postgres.statements", "postgres.statements_info"}
TEXTS = {"postgres.statement_texts"}


def test_a_lock_on_the_extensions_makes_no_known_server_down(
    server: Postgres, backend: PostgresBackend
) -> None:
    assert_well(collect(backend))
    with locked(server, "pg_extension"):
        for _ in range(2):
            page = timed(backend)
            assert_well(page)
            assert objects.STATEMENT_CALLS.name in page.names()
    assert errors(page) == {("postgres.extension", "55P03"): 2}
    assert_well(collect(backend))


@pytest.mark.parametrize(
    ("wanted", "lost"), [(False, STATEMENTS), (True, STATEMENTS | TEXTS)], ids=["without texts", "with texts"]
)
def test_a_lock_on_the_extensions_costs_a_newcomer_the_statements_alone(
    wanted: bool, lost: set[str], server: Postgres
) -> None:
    with closing(watch(server, DATABASE, statement_texts=wanted)) as backend:
        with locked(server, "pg_extension"):
            for _ in range(2):
                page = timed(backend)
                assert page.of(catalogue.UP) == 1
                assert failing(page) == lost
        collect(backend)
        page = collect(backend)
        assert_well(page)
        assert objects.STATEMENT_CALLS.name in page.names()
        assert (objects.STATEMENT_TEXT.name in page.names()) == wanted
