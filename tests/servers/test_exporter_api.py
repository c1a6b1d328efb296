"""What the exporter says where its own installation keeps it from showing anything."""

from __future__ import annotations

from pathlib import Path

from exporters.distribution import missing
from tests.servers.exporter_process import Exporter


def test_a_missing_module_is_to_be_installed_from_where_the_rest_came() -> None:
    told = missing(ModuleNotFoundError(name="psycopg"))  # the tests run in the whole checkout's environment
    assert str(told) == "psycopg is not installed; run: pip install '.[exporter]' in the checkout"


def test_both_distributions_in_one_environment_are_told(tmp_path: Path) -> None:
    for name in ("backend_observability", "backend_observability_exporters"):
        about = tmp_path / f"{name}-1.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name.replace('_', '-')}\nVersion: 1\n"
        )
    exporter = Exporter(tmp_path, "--api.multiprocess-dir", str(tmp_path))
    try:
        told = "backend-observability and backend-observability-exporters are both installed here"
        assert exporter.written().count(told) == 1
    finally:
        exporter.stop()
