"""Signing reproduces every published vector and never depends on the order of anything."""

from __future__ import annotations

import json
import random

import freezegun
import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from renderbus_core.api import Client, Endpoint, Seams, signing
from renderbus_core.config import Credentials, Secret

# Printed in the API document of 2018-10 with its example key.
DOCUMENTED_KEY = "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE"
DOCUMENTED_ID = "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE"

names = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=6)
values = st.recursive(
    st.text(max_size=5) | st.integers() | st.none() | st.booleans(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
    max_leaves=12,
)
bodies = st.dictionaries(names, values, max_size=6)


def test_every_vector_of_the_facts_is_reproduced(shared):
    vectors = json.loads((shared / "facts/endpoints.json").read_text())["signing_vectors"]
    assert len(vectors) == 8
    for v in vectors:
        text = signing.canonical_text(v["domain"], v["path"], v["signed_headers"], v["body"])
        assert text == v["canonical"], v["id"]
        assert signing.sign(v["access_key"], text) == v["signature"], v["id"]


def test_the_documented_example_is_reproduced():
    headers = {
        "accessId": DOCUMENTED_ID,
        "channel": "7",
        "platform": "1",
        "UTCTimestamp": "1535957371",
        "nonce": "11886",
        "version": "1.0.0",
    }
    text = signing.canonical_text(
        "task.renderbus.com", "/api/render/common/queryPlatforms", headers, {"zone": 2}
    )
    assert signing.sign(DOCUMENTED_KEY, text) == "6tvuz8bgDCz5vtS3amuMWVbOqzhaeWaOhNcWMqx9zcg="


@pytest.mark.parametrize(
    ("body", "tail"),
    [
        ({}, ""),
        ({"ids": [7] * 11}, "".join(f"&ids{i}=7" for i in (0, 1, 10, *range(2, 10)))),
        ({"b": {"y": 1, "x": [{"z": "q"}]}}, "&b.x0.z=q&b.y=1"),
        ({"empty": [], "none": {}, "text": ""}, "&text="),
        ({"label": "b&c=d"}, "&label=b&c=d"),
    ],
    ids=["empty", "code-point order", "nested", "empty containers vanish", "nothing is escaped"],
)  # fmt: skip
def test_the_body_is_flattened_as_documented(body, tail):
    assert signing.canonical_text("d", "/p", {}, body) == f"[POST]d:/p{tail}"


def test_a_body_member_replaces_the_header_of_its_name():
    assert signing.canonical_text("d", "/p", {"platform": "2"}, {"platform": 9}).endswith(
        "&platform=9"
    )


def test_what_is_added_after_signing_is_not_signed():
    headers = {"signature": "x", "Content-Type": "y", "languageFlag": "1", "nonce": "5"}
    assert signing.canonical_text("d", "/p", headers, {}) == "[POST]d:/p&nonce=5"


def reference(domain, path, headers, body):
    """Say the rule as plainly as it goes: flatten, the later of two names wins, sort."""

    def flatten(name, value):
        if isinstance(value, dict):
            for key, child in value.items():
                yield from flatten(f"{name}.{key}" if name else key, child)
        elif isinstance(value, (list, tuple)):
            for index, child in enumerate(value):
                yield from flatten(f"{name}{index}", child)
        else:
            yield name, value

    flat = dict(flatten("", {**headers, **body}))
    return "&".join([f"[POST]{domain}:{path}", *(f"{name}={flat[name]}" for name in sorted(flat))])


# Names that begin each other, collide with indices, or sort around the signs in between.
tangling_names = st.text("a1.0-", max_size=3)
tangling = st.recursive(
    st.integers(0, 3),
    lambda inner: st.one_of(
        st.lists(inner, max_size=12),
        st.tuples(inner),
        st.dictionaries(tangling_names, inner, max_size=4),
    ),
    max_leaves=25,
)


@given(st.dictionaries(tangling_names, tangling, max_size=6))
def test_members_are_put_in_order_without_sorting_all_names_and_the_text_is_the_same(body):
    headers = {"a": "x", "nonce": "1"}
    assert signing.canonical_text("d", "/p", headers, body) == reference("d", "/p", headers, body)


@pytest.mark.parametrize(
    "body",
    [
        {"a1": "z", "a": ["q", "w"]},
        {"a": ["q", "w"], "a1": "z"},
        {"a": {"x": 1}, "a.x": 2, "a-": 3},
        {"a": [[0] * 11] * 11},
        {"a": [{"k": 1}, 2] * 11},
        {"": {"a": 1}, "b": 2},
        {"a": {"": 1}},
        {"ids": list(range(20_000))},
    ],
    ids=str,
)
def test_names_that_collide_or_mix_are_sorted_all_together(body):
    assert signing.canonical_text("d", "/p", {}, body) == reference("d", "/p", {}, body)


@pytest.mark.parametrize(
    ("words", "tail"),
    [
        (signing.Words.PYTHON, "&f=1.5&l0=False&l1=None&n=None&s=True&t=True"),
        (signing.Words.JSON, "&f=1.5&l0=false&l1=null&n=null&s=True&t=true"),
    ],
)
def test_booleans_and_null_are_written_in_the_words_of_either_language(words, tail):
    body = {"t": True, "n": None, "l": [False, None], "f": 1.5, "s": "True"}
    assert signing.canonical_text("d", "/p", {}, body, words) == f"[POST]d:/p{tail}"


@given(bodies, st.randoms(use_true_random=False))
def test_the_order_of_members_does_not_matter(body, chance: random.Random):
    shuffled = list(body.items())
    chance.shuffle(shuffled)
    text = signing.canonical_text("d", "/p", {"nonce": "1"}, body)
    ambiguous = len(text.split("&")) != len({part.split("=")[0] for part in text.split("&")})
    if not ambiguous:
        assert signing.canonical_text("d", "/p", {"nonce": "1"}, dict(shuffled)) == text


@given(bodies)
def test_what_arrives_as_json_verifies_against_what_was_signed(body):
    arrived = json.loads(json.dumps(body))
    text = signing.canonical_text("d", "/p", {"nonce": "1"}, body)
    again = signing.canonical_text("d", "/p", {"nonce": "1"}, arrived)
    assert signing.matches("key", again, signing.sign("key", text))


def test_another_key_does_not_match():
    assert not signing.matches("other", "text", signing.sign("key", "text"))


def test_a_body_nested_thousands_of_levels_deep_is_signed_without_recursion():
    body: dict[str, object] = {}
    inner = body
    for _ in range(5000):
        inner["a"] = inner = {}
    inner["leaf"] = "1"
    for tangled in (False, True):
        if tangled:
            body["a."] = "1"
        assert signing.canonical_text("d", "/p", {}, body).endswith(".a.leaf=1")


class Recorder(requests.adapters.BaseAdapter):
    """A transport that keeps the request and answers success."""

    def send(self, request, **_):
        self.request = request
        reply = requests.Response()
        reply.status_code = 200
        reply._content = json.dumps({"code": 200, "data": {"userId": 7}}).encode()
        return reply

    def close(self):
        pass


@freezegun.freeze_time("2018-09-03T06:49:31Z")
def test_a_request_carries_the_signed_headers_at_the_frozen_second():
    recorder = Recorder()
    seams = Seams(adapter=lambda: recorder, nonce=lambda: "118860")
    endpoint = Endpoint("task.renderbus.com", platform=2)
    who = Credentials(DOCUMENTED_ID, Secret(DOCUMENTED_KEY))
    with Client(endpoint, who, seams) as client:
        assert client.user.query_user_profile().user_id == 7
    sent = recorder.request
    assert sent.url == "https://task.renderbus.com/api/render/setUp/queryUserProfile"
    assert sent.body == b"{}"
    assert sent.headers["UTCTimestamp"] == "1535957371"
    assert sent.headers["version"] == "2.0.0"
    assert sent.headers["languageFlag"] == "1"
    # Vector V1 of the facts: the same second, nonce, channel and platform.
    assert sent.headers["signature"] == "zPtWJ2U3p1Jby0KVAXeZAuX0jIAGR0usFxmsuuEDkag="
