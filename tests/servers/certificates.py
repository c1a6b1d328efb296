"""Certificates of an authority that exists for one test."""

from __future__ import annotations

import subprocess
from pathlib import Path


class Authority:
    """Signs for 127.0.0.1 and for clients."""

    def __init__(self, home: Path, name: str = "authority") -> None:
        self.home = home
        self.certificate = home / f"{name}.pem"
        self._key = home / f"{name}.key"
        self._sign(name, self._key, "-x509", "-addext", "basicConstraints=critical,CA:true")

    def issue(self, name: str, days: int = 1) -> tuple[Path, Path]:
        """A new certificate and its key, in files of this name; older ones are replaced."""
        key = self.home / f"{name}.key"
        by = ("-CA", str(self.certificate), "-CAkey", str(self._key))
        alternative = ("-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=CA:false")
        self._sign(name, key, "-x509", *by, *alternative, days=days)
        key.chmod(0o600)
        return self.home / f"{name}.pem", key

    def locked(self, name: str) -> tuple[Path, Path]:
        """As `issue`, and the key has a passphrase: hunter2."""
        certificate, key = self.issue(name)
        locked = self.home / f"{name}.locked"
        command = ["openssl", "pkey", "-in", str(key), "-aes256", "-passout", "pass:hunter2"]
        subprocess.run([*command, "-out", str(locked)], check=True, capture_output=True)
        locked.chmod(0o600)
        return certificate, locked

    def _sign(self, name: str, key: Path, *how: str, days: int = 1) -> None:
        made = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", str(key))
        kept = ("-subj", f"/CN={name}", "-days", str(days), "-out", str(self.home / f"{name}.pem"))
        subprocess.run(["openssl", "req", *made, *kept, *how], check=True, capture_output=True)
