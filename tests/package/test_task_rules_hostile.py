"""Whatever stands in a document, checking it ends with findings and never with a crash."""

from __future__ import annotations

import copy

from hypothesis import given, settings
from hypothesis import strategies as st

from renderbus_core.package import Finding, check, programs

HOSTILE = [
    *("", "0", "1", "-1", "2", "999999999", "-9999999999", "9" * 5000, "\0", "\ud800", "٣"),
    *("1-10[1]", "10-1", "5--5[3]", "1-2147483648", "1-999999[1]", "111:1-5", "000: 3", "000:9-1"),
    *("../../x.ma", "//host/share/x.ass", "C:", "/", "x.####.ass", "/a/####.ass", "windows", "gi"),
    *(None, True, 0, -1, 1.5, [], {}, [""], ["1"], [{}], {"asset": 1}, {"common": {}}),
]


def leaves(value, path=()):
    """Yield the place of everything in a document, containers too."""
    members = value.items() if isinstance(value, dict) else enumerate(value)
    for key, member in members:
        yield (*path, key)
        if isinstance(member, dict | list):
            yield from leaves(member, (*path, key))


@given(st.data())
@settings(max_examples=120)
def test_a_spoiled_document_is_judged(documents_of, data):
    documents = documents_of(data.draw(st.sampled_from(sorted(programs()))))
    whole = {"task": documents.task, "upload": documents.upload, "tips": documents.tips}
    for _ in range(data.draw(st.integers(1, 4))):
        *steps, last = data.draw(st.sampled_from([path for path in leaves(whole) if len(path) > 1]))
        place = whole
        for step in steps:
            place = place[step]
        place[last] = copy.deepcopy(data.draw(st.sampled_from(HOSTILE)))
    assert all(isinstance(finding, Finding) for finding in check(documents))
