"""HTTP sessions go through the studio's proxies, except to this machine."""

from __future__ import annotations

import shutil

import pytest
import requests

from renderbus_core.http import new_session

PROXY = "http://proxy.studio:3128"


@pytest.fixture
def studio(monkeypatch, tmp_path):
    """Set proxies and certificates in the environment."""
    monkeypatch.setenv("http_proxy", PROXY)
    monkeypatch.setenv("https_proxy", PROXY)
    monkeypatch.setenv("no_proxy", "direct.studio")
    bundle = tmp_path / "studio.pem"
    shutil.copy(requests.certs.where(), bundle)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    return str(bundle)


@pytest.mark.parametrize(
    ("url", "from_environment"),
    [
        ("https://task.renderbus.com", True),
        ("http://127.0.0.1:8080", False),
        ("http://[::1]:8080", False),
        ("http://localhost:8080", False),
        ("http://localhost.example.com", True),
        ("http://10.0.0.5", True),
    ],
)
def test_only_loopback_is_asked_directly(studio, url, from_environment):
    with new_session(url) as session:
        assert session.proxies.get("https") == (PROXY if from_environment else None)
        assert session.verify == (studio if from_environment else True)


def test_a_host_that_the_environment_excepts_is_asked_directly(studio):
    with new_session("https://direct.studio") as session:
        assert session.proxies.get("https") is None
        assert session.verify == studio


def test_a_proxy_that_is_named_is_used_also_for_loopback(studio):
    del studio
    with new_session("http://127.0.0.1:8080", proxy="https://user:pw@other:3128") as session:
        assert dict(session.proxies) == {"http": "https://user:pw@other:3128"}


def test_nothing_is_read_again_with_each_request():
    with new_session("https://task.renderbus.com") as session:
        assert session.trust_env is False
