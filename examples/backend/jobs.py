"""The backend's work beside requests: short transactions, through a pooler in front of the database.

`DATABASE_URL=... python -m examples.backend.jobs`. More workers than the pooler has connections for them, so
that now and then one waits for another.
"""

from __future__ import annotations

import os
import threading
import time

import psycopg

WORKERS = 3
PAUSE = 0.5
# Of some rows, so that nobody takes them for a loop, and by an index, so that nobody finds one missing.
QUERIES = (
    "SELECT id, factory_id FROM employees WHERE id BETWEEN 1 AND 10",
    "SELECT id, hourly_wage FROM employees WHERE id BETWEEN 1 AND 10",
)


def main() -> None:
    """Work until the process is ended."""
    url = os.environ["DATABASE_URL"]
    threads = [threading.Thread(target=_work, args=(url,), name=f"job {each}") for each in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _work(url: str) -> None:
    """One transaction after the other; where there is no database, it is looked for again."""
    while True:
        try:
            # In transaction mode the next statement may meet a session that knows of none prepared.
            with psycopg.connect(url, prepare_threshold=None, application_name="jobs") as connection:
                while True:
                    with connection.transaction():
                        for query in QUERIES:
                            connection.execute(query)
                    time.sleep(PAUSE)
        except psycopg.Error:
            time.sleep(PAUSE)


if __name__ == "__main__":
    main()
