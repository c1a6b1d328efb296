"""Asking a running Prometheus, as Grafana does."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, ClassVar, Self

import requests
from requests.auth import HTTPBasicAuth

from dashboards.errors import RefusedError, StackError, shown_url

VERIFIED = re.compile(r"certificate verify failed: ([^(]*?) \(_ssl")
# What a proxy answers while it reaches nobody, and how many seconds later it is asked once more.
PASSING = (502, 503, 504)
AGAIN = 1.0
TLS = re.compile(r"\[SSL: (\w+)\]")

Samples = list[tuple[dict[str, str], list[float]]]


def untrusted(shown: str, error: requests.exceptions.SSLError) -> str:
    """Why a server cannot be asked safely, and what to do.

    Args:
        shown: its URL as it may stand in a message.
        error: what the library said.
    """
    if found := VERIFIED.search(str(error)):
        return (
            f"the certificate of {shown} is not trusted ({found[1]}); give --ca-file the authority that "
            "signed it, and the name that it is for"
        )
    reason = TLS.search(str(error))
    return (
        f"{shown} does not speak TLS as is asked ({reason[1] if reason else 'SSLError'}); give http:// where "
        "it has none, or a server that takes who has no certificate"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Prometheus:
    """A Prometheus at this URL, or another server that answers as one does.

    Attributes:
        url: with a path before ``/api/v1``, if there is one; without a slash at the end.
        timeout: seconds for which an answer is waited for.
        username, password: of a proxy before it, by basic authentication; never shown.
        token: a bearer's, in their place.
        ca_file: the authority that signed its certificate; by default those that the system trusts.

    Raises:
        RefusedError: from every method, where it refuses this query, or takes too long.
        StackError: where it does not answer.
    """

    url: str
    timeout: float = 10.0
    username: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    ca_file: str = ""
    fills_ranges: ClassVar[bool] = False

    def answer(self, target: Mapping[str, Any], expr: str, start: float, end: float, step: float) -> Samples:
        """The samples of a panel's query: at the end of the time shown, or over all of it."""
        if target["instant"]:
            return self.query(expr, end)
        return self.query_range(expr, start, end, step)

    def query(self, expr: str, at: float | None = None) -> Samples:
        """The samples of an instant query."""
        return self._samples("query", query=expr, time=at or time.time())

    def query_range(self, expr: str, start: float, end: float, step: float) -> Samples:
        """The samples of a range query."""
        return self._samples("query_range", query=expr, start=start, end=end, step=step)

    def label_values(self, selector: str, label: str, start: float, end: float) -> list[str]:
        """The values of a label on the series selected."""
        query = {"match[]": selector, "start": start, "end": end}
        answer = self._answer("GET", f"label/{label}/values", list, params=query)
        return [str(value) for value in answer]

    def label_names(self, selector: str, start: float, end: float) -> list[str]:
        """The labels of the series selected."""
        query = {"match[]": selector, "start": start, "end": end}
        answer = self._answer("GET", "labels", list, params=query)
        return [str(name) for name in answer]

    def get(self, path: str, **query: Any) -> Any:
        """What Prometheus says of itself, the JSON object at ``/api/v1/<path>``."""
        return self._answer("GET", path, dict, params=query)

    def started(self) -> float | None:
        """When it was started, in Unix time; None of a server that does not say."""
        try:
            return datetime.fromisoformat(self.get("status/runtimeinfo")["startTime"]).timestamp()
        except (StackError, KeyError, TypeError, ValueError):
            return None

    def fetch(self, method: str, url: str, **more: Any) -> requests.Response:
        """What is at an address of this server, asked for with its credentials.

        Raises:
            StackError: it does not let us in.
            requests.RequestException: it does not answer.
        """
        auth = HTTPBasicAuth(self.username.encode(), self.password.encode()) if self.username else None
        headers = dict(more.pop("headers", {}))
        if self.token:
            # As bytes: requests writes text as Latin-1, in which there is no euro sign.
            headers["Authorization"] = f"Bearer {self.token}".encode()
        response = requests.request(
            method, url, timeout=self.timeout, headers=headers, auth=auth, verify=self.ca_file or True, **more
        )
        if response.status_code in (401, 403):
            given = "these credentials" if self.token or self.username else "no credentials"
            raise StackError(
                f"{shown_url(url)} answered {response.status_code} to {given}; give --username and "
                "--password-file, or --bearer-token-file, of someone who may read"
            )
        return response

    def _samples(self, path: str, **form: Any) -> Samples:
        data = self._answer("POST", path, dict, data=form)
        try:
            if data["resultType"] in ("scalar", "string"):
                return [({}, [float(data["result"][1])])]
            # Of a range vector, such as `up[5m]`, the answer to an instant query is a matrix too.
            found = [(each["metric"], each.get("values") or [each["value"]]) for each in data["result"]]
            return [(dict(metric), [float(value) for _, value in values]) for metric, values in found]
        except (AttributeError, IndexError, KeyError, TypeError, ValueError):
            raise self._other(path, 200) from None

    def _other(self, path: str, status: int) -> StackError:
        return StackError(
            f"{shown_url(self.url)}/api/v1/{path} answered {status} with other JSON than a Prometheus; "
            "check the URL"
        )

    def _mute(self, path: str, status: int) -> StackError:
        twice, advice = "", "check the URL"
        if status in PASSING:
            twice, advice = " twice", "a proxy says so where who is behind it is busy or down; try again"
        return StackError(
            f"{shown_url(self.url)}/api/v1/{path} answered {status} without JSON{twice}; "
            f"expected a Prometheus; {advice}"
        )

    def _passed_on(self, method: str, url: str, **more: Any) -> requests.Response:
        """The answer, asked for once more where a proxy reached nobody."""
        response = self.fetch(method, url, **more)
        # Prometheus itself says in JSON why; a query that took too long it would take on anew.
        if response.status_code in PASSING and not response.text.startswith("{"):
            time.sleep(AGAIN)
            response = self.fetch(method, url, **more)
        return response

    def _answer(self, method: str, path: str, kind: type, **more: Any) -> Any:
        url, shown = f"{self.url}/api/v1/{path}", shown_url(self.url)
        try:
            response = self._passed_on(method, url, **more)
            if response.request.method != method:  # as a browser, requests asks on with GET
                raise StackError(
                    f"{shown}/api/v1/{path} leads to {shown_url(response.url)}; expected a Prometheus that "
                    "answers itself; give its own URL, with the path before /api/v1"
                )
            body = response.json()
        except requests.JSONDecodeError:
            raise self._mute(path, response.status_code) from None
        except (requests.exceptions.MissingSchema, requests.exceptions.InvalidSchema):
            raise StackError(
                f"the URL of Prometheus is {shown!r}; expected http:// or https:// at its beginning; "
                f"give such as http://{shown.rpartition('//')[2]}"
            ) from None
        except requests.exceptions.SSLError as error:
            raise StackError(untrusted(shown, error)) from None
        except requests.exceptions.ReadTimeout:
            raise RefusedError(f"no answer within {self.timeout:g} s; the query: {more}") from None
        except requests.RequestException as error:
            raise StackError(
                f"no answer from Prometheus at {shown} ({type(error).__name__}); "
                "is it running, and is the URL right?"
            ) from None
        told: dict[str, Any] = body if isinstance(body, dict) else {}
        if told.get("status") == "error":
            raise RefusedError(f"Prometheus refused a query: {told.get('error')}; the query: {more}")
        if told.get("status") != "success" or not isinstance(told.get("data"), kind):
            raise self._other(path, response.status_code)
        return told["data"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembering(Prometheus):
    """One that is asked the same only once: for questions about one time.

    Attributes:
        known: the answers, by what was asked.
    """

    known: dict[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, prometheus: Prometheus) -> Self:
        """The same server."""
        return cls(**{each.name: getattr(prometheus, each.name) for each in fields(Prometheus)})

    def _answer(self, method: str, path: str, kind: type, **more: Any) -> Any:
        key = f"{path} {more}"
        if key not in self.known:
            self.known[key] = Prometheus._answer(self, method, path, kind, **more)
        return self.known[key]
