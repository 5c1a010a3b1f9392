"""HTTP sessions: proxies and certificates of the studio, none of them for this machine.

And what a failure below HTTP proves of a request, which `requests` says in many ways.
"""

from __future__ import annotations

import ipaddress
import os
import ssl
from http.cookiejar import DefaultCookiePolicy
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import requests
from requests.utils import get_environ_proxies, select_proxy

from renderbus_core.errors import ConfigError, MissingDependencyError

_PROXY_SCHEMES = ("http", "https", "socks5", "socks5h")
# As `requests` knows them.
_CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
# What the standard library says when a proxy does not let us through to a service behind it.
_NO_TUNNEL = "Tunnel connection failed: "
_PROXY_WANTS_A_PASSWORD = f"{_NO_TUNNEL}407"


class _DirectSession(requests.Session):
    """Takes a reply that points elsewhere for what it is.

    `requests` reads such a reply without a limit and takes its address apart, which fails for what
    is none, even when it is told not to follow.
    """

    def get_redirect_target(self, resp: requests.Response) -> None:  # noqa: ARG002 - inherited
        return None


def new_session(
    url: str,
    *,
    proxy: str = "",
    ca_bundle: str = "",
    follows: bool = True,
    section: str = "cloud",
) -> requests.Session:
    """Return a session for one service, with its proxy and certificates settled; nothing is sent.

    What is not given comes from the environment, as `requests` reads it, save that a service on
    the loopback address (a simulator) takes nothing from there. Cookies and `.netrc` are not used.

    Args:
        url: of the service.
        proxy: its URL; may hold a user and a password, which are never shown.
        ca_bundle: file or folder of certificates to trust instead of the usual ones.
        follows: whether redirections are followed.
        section: of the configuration that `proxy` and `ca_bundle` come from, for messages.

    Raises:
        ConfigError: the proxy or the certificates cannot be used.
        MissingDependencyError: the proxy speaks SOCKS, which is not installed.
    """
    session = requests.Session() if follows else _DirectSession()
    # Settled here once: `requests` would let the environment overrule us with every request, and
    # would sign in with a password from .netrc.
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.proxies = _proxies(url, proxy, section)
    session.verify = _certificates(url, ca_bundle, section)
    return session


def _proxies(url: str, proxy: str, section: str) -> dict[str, str]:
    if proxy:
        _check_proxy(proxy, section)
        proxies = {urlsplit(url).scheme: proxy}
    elif is_loopback(url):
        return {}
    else:
        proxies = dict(get_environ_proxies(url))
    if (select_proxy(url, proxies) or "").startswith("socks") and find_spec("socks") is None:
        raise MissingDependencyError("a SOCKS proxy needs PySocks", "socks")
    return proxies


def _check_proxy(proxy: str, section: str) -> None:
    if not _is_address(proxy):
        # It is not quoted: it may hold a password.
        raise ConfigError(
            f"the proxy ({section}.proxy) is no address of one; write scheme://host:port or "
            "scheme://user:password@host:port, special characters of the password as %XX, "
            f"with one of the schemes {', '.join(_PROXY_SCHEMES)}"
        )


def _is_address(proxy: str) -> bool:
    try:
        parts = urlsplit(proxy)
        has_host = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    rest = (parts.path.strip("/"), parts.query, parts.fragment)
    plain = proxy.isascii() and proxy.isprintable() and " " not in proxy
    return has_host and plain and parts.scheme in _PROXY_SCHEMES and not any(rest)


def _certificates(url: str, ca_bundle: str, section: str) -> str | bool:
    """Return what `requests` shall trust: a file or folder that can be used, or the usual."""
    named = {f"{section}.ca_bundle": ca_bundle}
    if not is_loopback(url):
        named |= {name: os.environ.get(name, "") for name in _CA_VARIABLES}
    source, name = next(((source, name) for source, name in named.items() if name), ("", ""))
    if not name:
        return True
    path = Path(name)
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        if path.is_dir():
            context.load_verify_locations(capath=path)
        else:
            context.load_verify_locations(cafile=path)
    except OSError as error:  # of ssl too
        raise ConfigError(
            f"the certificates in {path} ({source}) cannot be used: "
            f"{error.strerror or 'it is no PEM file'}"
        ) from error
    return str(path)


def is_loopback(url: str) -> bool:
    """Tell whether a service is on this machine.

    Args:
        url: of the service.
    """
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_untrusted(error: BaseException) -> bool:
    """Tell whether the certificate of a service is not trusted, so that nothing was sent.

    Args:
        error: of `requests`, or of urllib3 as it came through.
    """
    return any(isinstance(cause, ssl.SSLCertVerificationError) for cause in _causes(error))


def is_asked_by_proxy(error: BaseException) -> bool:
    """Tell whether a proxy wants a user and a password, so that nothing was sent.

    Args:
        error: as for `is_untrusted`.
    """
    return any(str(cause).startswith(_PROXY_WANTS_A_PASSWORD) for cause in _causes(error))


def never_connected(error: BaseException) -> bool:
    """Tell whether a connection to the service was never made, so that nothing was sent.

    Args:
        error: as for `is_untrusted`.
    """
    names = {"NewConnectionError", "NameResolutionError"}
    return isinstance(error, requests.ConnectTimeout) or any(
        type(cause).__name__ in names or str(cause).startswith(_NO_TUNNEL)
        for cause in _causes(error)
    )


def _causes(error: BaseException) -> list[BaseException]:
    """Return an error of `requests` and everything of urllib3 and the system that led to it."""
    seen: list[BaseException] = []
    todo: list[object] = [error]
    while todo:
        item = todo.pop()
        if not isinstance(item, BaseException) or item in seen:
            continue
        seen.append(item)
        # Not `__context__`: that may be an earlier attempt, which proves nothing about this one.
        todo += [*item.args, item.__cause__, getattr(item, "reason", None)]
    return seen
