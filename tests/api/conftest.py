"""A cloud that answers by the operation's name, from many threads at once, and writes it down."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
import requests

from renderbus_core.api import Client, Endpoint, Seams, routes
from renderbus_core.api.compat import RayvisionAPI
from renderbus_core.clock import ManualClock
from renderbus_core.config import Credentials, Secret


class Refused(Exception):  # noqa: N818 - an answer of the cloud
    """Raised by an answer to reply with another code."""


class Answers(requests.adapters.BaseAdapter):
    """Answers each operation with data, or with what a function makes of the request's body."""

    def __init__(self, answers):
        super().__init__()
        self.answers = answers
        self.sent = []
        self._lock = threading.Lock()

    def send(self, request, **_):
        path, body = urlsplit(request.url).path, json.loads(request.body)
        operation = routes()[path].name
        with self._lock:
            self.sent.append((operation, path, body))
        answer = self.answers.get(operation)
        envelope = {"code": 200, "message": "m", "requestId": "r-1"}
        try:
            envelope["data"] = answer(body) if callable(answer) else answer
        except Refused as refusal:
            envelope["code"] = refusal.args[0]
        reply = requests.Response()
        reply.status_code = 200
        reply._content = json.dumps(envelope).encode()
        return reply

    def close(self):
        pass

    def bodies(self, operation):
        return [body for name, _, body in self.sent if name == operation]


@pytest.fixture
def refused():
    """Return what an answer raises to reply with a code."""
    return Refused


@pytest.fixture
def answering():
    """Return a maker: answers by operation -> (client, what was sent)."""

    def make(answers=None, **endpoint):
        cloud = Answers(answers or {})
        clock = ManualClock(datetime(2026, 1, 1, tzinfo=UTC))
        seams = Seams(clock=clock, sleep=lambda _: None, adapter=lambda: cloud)
        who = Credentials("AKIDEXAMPLE0001", Secret("not-shown"))
        return Client(Endpoint(**{"domain": "cloud.test"} | endpoint), who, seams), cloud

    return make


@pytest.fixture
def named(answering):
    """Return a maker: answers by operation -> (client of the vendor's names, what was sent)."""

    def make(answers=None, domain="cloud.test", **settings):
        client, cloud = answering(answers)
        seams = client.session._seams
        return RayvisionAPI("AKIDEXAMPLE0001", "not-shown", domain, seams=seams, **settings), cloud

    return make
