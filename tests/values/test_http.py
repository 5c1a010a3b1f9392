"""HTTP sessions go through the studio's proxies, except to this machine."""

from __future__ import annotations

import pytest

from renderbus_core.http import new_session


@pytest.mark.parametrize(
    ("url", "proxied"),
    [
        ("https://task.renderbus.com", True),
        ("http://127.0.0.1:8080", False),
        ("http://[::1]:8080", False),
        ("http://localhost:8080", False),
        ("http://localhost.example.com", True),
        ("http://10.0.0.5", True),
    ],
)
def test_only_loopback_is_asked_directly(url, proxied):
    with new_session(url) as session:
        assert session.trust_env is proxied
