"""HTTP sessions: proxies of the studio for the world outside, none for this machine."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

import requests


def new_session(url: str) -> requests.Session:
    """Return a session for one service.

    Args:
        url: of the service; a simulator on the loopback address is never asked through a proxy.
    """
    session = requests.Session()
    session.trust_env = not _is_loopback(urlsplit(url).hostname or "")
    return session


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
