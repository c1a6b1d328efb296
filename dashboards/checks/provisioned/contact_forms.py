"""Values in the settings of contact points at which Grafana stops, as data."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from dashboards.checks.finding import excerpt, listed
from dashboards.checks.provisioned.nodes import Node
from dashboards.checks.times import seconds


class Form(NamedTuple):
    """What a setting must look like."""

    fits: Callable[[str], object]
    wanted: str


class Wrong(NamedTuple):
    """A setting that Grafana does not take."""

    node: Node
    message: str
    fix: str
    effect: str = ""


_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:")
_PROXY = re.compile(r"https?://[^/?#]", re.IGNORECASE)
_HOST = re.compile(r"(?:[^@]*@)?(?:\[[^\]]*\]|[^\s<>\"\[\]\\^`{|}:]*)(?::[0-9]*)?\Z")


def is_address(text: str) -> bool:
    """Whether Go's reader of URLs takes it, which takes nearly everything."""
    rest = text.partition("#")[0].partition("?")[0]
    if re.search(r"[\x00-\x1f\x7f]", text) or text.startswith(":") or re.search(r"%(?![\da-fA-F]{2})", rest):
        return False
    scheme = _SCHEME.match(rest)
    rest = rest[scheme.end() :] if scheme else rest
    if rest.startswith("//") and (scheme or not rest.startswith("///")):
        return _HOST.match(rest[2:].partition("/")[0]) is not None
    return scheme is not None or rest.startswith("/") or ":" not in rest.partition("/")[0]


def _are_addresses(text: str) -> bool:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    return bool(parts) and all(map(is_address, parts))


def _is_thread(text: str) -> bool:
    return re.match(r"[-+]?0*[0-9]{1,10}\Z", text) is not None and -(2**31) <= int(text[:99]) < 2**31


def _is_arn(text: str) -> bool:
    return text.startswith("arn:") and text.count(":") >= 5


def _one_of(*names: str) -> Form:
    return Form(lambda text: text in names, f"one of {listed(names)}")


_ADDRESS = Form(is_address, "an address such as https://example.com/path")
_ARN = Form(_is_arn, "an ARN such as arn:aws:sns:eu-west-1:123456789012:alerts")
_NUMBER = Form(re.compile(r"[-+]?[0-9]+(\.0*)?\Z").match, "a whole number")
_PARSE_MODES = ("html", "markdown", "markdownv2", "none")
_RESPONDERS = ("team", "teams", "user", "escalation", "schedule")
FORMS: dict[str, dict[str, Form]] = {
    "jira": {
        "reopen_duration": Form(lambda text: seconds(text) is not None, "a duration such as 10m"),
        "api_url": _ADDRESS,
        "dedup_key_field": Form(re.compile(r"[0-9]+\Z").match, "the digits of a field's id"),
    },
    "kafka": {"apiversion": _one_of("v2", "v3")},
    "mqtt": {
        "brokerurl": _ADDRESS,
        "qos": Form(re.compile(r"\+?0*[012](\.0*)?\Z").match, "0, 1 or 2"),
    },
    "prometheus-alertmanager": {"url": Form(_are_addresses, "addresses with commas between them")},
    "pushover": {"priority": _NUMBER, "okpriority": _NUMBER},
    "slack": {"url": _ADDRESS},
    "sns": {"topic_arn": _ARN, "target_arn": _ARN},
    "telegram": {
        "parse_mode": Form(
            lambda text: text.lower() in _PARSE_MODES, "one of HTML, Markdown, MarkdownV2, None"
        ),
        "message_thread_id": Form(_is_thread, "a whole number of 32 bits, in quotation marks"),
    },
    "threema": {
        "gateway_id": Form(
            lambda text: text.startswith("*") and len(text.encode()) == 8, "`*` and seven characters"
        ),
        "recipient_id": Form(lambda text: len(text.encode()) == 8, "eight characters"),
    },
    "webex": {"api_url": _ADDRESS},
}
# Of each pair Grafana takes one.
APART: dict[str, tuple[tuple[str, str], ...]] = {
    "jira": (("api_token", "user"), ("api_token", "password")),
    "oncall": (("username+password", "authorization_credentials"),),
    "webhook": (("username+password", "authorization_credentials"),),
}
# Headers that a webhook sends by itself, or must not.
HEADERS = re.compile(
    r"(?:host|accept-(?:encoding|charset)|content-(?:encoding|length)|(?:proxy-)?authorization|user-agent|te|via"
    r"|transfer-encoding|connection|upgrade|trailer|proxy-authenticate|(?:set-)?cookie|referer|origin|date"
    r"|x-forwarded-for|x-real-ip|forwarded|expect|keep-alive|max-forwards)\Z",
    re.IGNORECASE,
)
UNSENT = "Grafana loads it, and no message arrives"


def wrong(kind: str, settings: Node) -> Iterator[Wrong]:
    """What of these settings Grafana does not take; nothing where a variable decides it."""
    kind = kind.strip().lower()
    given = _given(settings)
    written = {key.text.lower(): key.text for key, _ in settings.pairs}
    for name, form in FORMS.get(kind, {}).items():
        node = given.get(name)
        if node is not None and _is_fixed(node) and not form.fits(node.text):
            message = f"{written[name]} is {excerpt(node.text)!r}; expected {form.wanted}"
            yield Wrong(node, message, "Correct it.")
    for one, other in APART.get(kind, ()):
        if all(name in given for name in (*one.split("+"), other)):
            message = f"it has {one.replace('+', ' with ')}, and {other}; Grafana takes one of the two"
            yield Wrong(given[other], message, "Take one of the two out.")
            break
    yield from _parts(kind, given)
    yield from _asked_by(given)
    if kind == "webhook":
        yield from _headers(given.get("headers"))
    if kind in ("webhook", "mqtt") and "tlsconfig" in given:
        yield from (each._replace(effect=UNSENT) for each in _certificates(given["tlsconfig"]))


def _parts(kind: str, given: dict[str, Node]) -> Iterator[Wrong]:
    """What only goes with something else."""
    if kind == "kafka" and "apiversion" in given and "kafkaclusterid" not in given:
        if given["apiversion"].text == "v3":
            yield Wrong(given["apiversion"], "v3 of the API has no kafkaClusterId", "Give it one.")
    elif kind == "opsgenie" and "responders" in given:
        for responder in given["responders"].items:
            yield from _responder(responder)
    elif kind == "sns" and "sigv4" in given:
        keys = {key.text.lower() for key, value in given["sigv4"].pairs if not _is_empty(value)}
        if len(keys & {"access_key", "secret_key"}) == 1:
            message = "sigv4 has one of access_key and secret_key"
            yield Wrong(given["sigv4"], message, "Give it both, or none.")


def _headers(node: Node | None) -> Iterator[Wrong]:
    for key, _ in node.pairs if node is not None else ():
        if HEADERS.match(key.text):
            authorizes = key.text.lower() == "authorization"
            fix = (
                "Write authorization_scheme and authorization_credentials." if authorizes else "Take it out."
            )
            yield Wrong(key, f"headers has {key.text!r}, which it may not set", fix)


def _given(node: Node | None) -> dict[str, Node]:
    """The fields of a mapping that hold something, by their names in small letters."""
    pairs = node.pairs if node is not None else ()
    return {key.text.lower(): value for key, value in pairs if not _is_empty(value)}


def _asked_by(given: dict[str, Node]) -> Iterator[Wrong]:
    """What is wrong in how a token of OAuth2 is asked for."""
    oauth2 = _given(_given(given.get("http_config")).get("oauth2"))
    if "tls_config" in oauth2:
        yield from _certificates(oauth2["tls_config"])
    node = oauth2.get("proxy_config")
    if node is None:
        return
    proxy = _given(node)
    url, environment = proxy.get("proxy_url"), proxy.get("proxy_from_environment")
    of_environment = environment is not None and environment.text.lower() == "true"
    if url is not None and _is_fixed(url) and not _PROXY.match(url.text):
        message = f"proxy_url is {excerpt(url.text)!r}; expected http:// or https:// and a host"
        yield Wrong(url, message, "Correct it.")
    for name in ("proxy_url", "no_proxy") if of_environment else ():
        if name in proxy:
            message = f"proxy_config has {name} beside proxy_from_environment"
            yield Wrong(proxy[name], message, "Take one of the two out.")
    for name in ("no_proxy", "proxy_connect_header") if url is None and not of_environment else ():
        if name in proxy:
            yield Wrong(proxy[name], f"proxy_config has {name} without proxy_url", "Give it one.")


def _certificates(node: Node) -> Iterator[Wrong]:
    given = _given(node)
    if ("clientcertificate" in given) != ("clientkey" in given):
        message = "it has one of clientCertificate and clientKey"
        yield Wrong(node, message, "Give it both, or none.")
        return
    for name in ("caCertificate", "clientCertificate", "clientKey"):
        found = given.get(name.lower())
        if found is not None and _is_fixed(found) and "-----BEGIN " not in found.text:
            what = "key" if name == "clientKey" else "certificate"
            yield Wrong(found, f"{name} is no {what} in the form of PEM", "Write it, or $__file{PATH}.")


def _responder(responder: Node) -> Iterator[Wrong]:
    if responder.kind != "map":
        return  # told as a wrong type
    given = _given(responder)
    if not given.keys() & {"id", "name", "username"}:
        yield Wrong(responder, "a responder has neither id, name nor username", "Give it one of them.")
    node = given.get("type")
    text = node.text.lower() if node is not None else ""
    if node is not None and ("{{" in text or not _is_fixed(node)):
        return
    if text not in _RESPONDERS:
        message = f"a responder's type is {text or 'missing'!r}; expected one of {listed(_RESPONDERS)}"
        yield Wrong(node or responder, message, "Choose one, or write a template.")
    elif text == "teams" and "name" not in given:
        yield Wrong(responder, "a responder of type teams has no name", "Name them, with commas between.")


def _is_empty(node: Node) -> bool:
    return node.is_null or (node.kind == "text" and not node.text)


def _is_fixed(node: Node) -> bool:
    return node.kind == "text" and "$" not in node.text
