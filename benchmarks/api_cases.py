"""What `bench_api.py` measures inside one client; run in a process of either interpreter.

Run: python api_cases.py CLIENT CASE ARGUMENT - CLIENT is `ours` or `vendor`, ARGUMENT the name of a
body or a port. Prints seconds, one number per line. Both clients are imported inside functions,
for the other one is not there.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

KEY = "a-key-of-32-characters-or-nearly"
HEADERS = {
    "accessId": "AKIDEXAMPLE0001",
    "channel": "4",
    "platform": "62",
    "UTCTimestamp": "1535957371",
    "nonce": "118860",
    "version": "2.0.0",
}
PATH = "/api/render/handle/queryTaskInfo/v2"
CALLS = 300
FRAMES = 10_000


def bodies() -> dict[str, dict[str, Any]]:
    """Return the bodies to sign, by name; `list` and `object` of so many entries."""
    found: dict[str, dict[str, Any]] = {}
    for count in (1_000, 10_000):
        found[f"list-{count}"] = {"taskIds": list(range(10**7, 10**7 + count))}
        found[f"object-{count}"] = {f"field{number}": number for number in range(count)}
        rows = [{"id": n, "name": "a", "os": 1, "version": "2", "kind": "z"} for n in range(count)]
        found[f"nested-{count}"] = {"renderEnvs": rows}
    return found


def our_signing() -> Callable[[Mapping[str, Any]], object]:
    """Return a function that signs a body with our client."""
    from renderbus_core.api import signing  # noqa: PLC0415 - as said above

    return lambda body: signing.sign(KEY, signing.canonical_text("a.b", PATH, HEADERS, body))


def vendor_signing() -> Callable[[Mapping[str, Any]], object]:
    """Return the same with the vendor's client."""
    from rayvision_api import signature  # noqa: PLC0415 - as said above

    headers = HEADERS | {"Content-Type": "application/json", "signature": ""}
    text = signature.generate_headers_body_str
    return lambda body: signature.generate_signature(KEY, text("a.b", PATH, headers, body))


def our_client(port: str) -> Any:
    """Return our client for the server on a port."""
    from renderbus_core.api import Client, Endpoint  # noqa: PLC0415 - as said above
    from renderbus_core.config import Credentials, Secret  # noqa: PLC0415 - as said above

    endpoint = Endpoint(f"127.0.0.1:{port}", scheme="http")
    return Client(endpoint, Credentials(HEADERS["accessId"], Secret(KEY)))


def vendor_client(port: str) -> Any:
    """Return the vendor's client; with a quiet logger, for ours does not log either."""
    from rayvision_api import RayvisionAPI  # noqa: PLC0415 - as said above

    quiet = logging.getLogger("vendor")
    quiet.setLevel(logging.WARNING)
    return RayvisionAPI(
        HEADERS["accessId"],
        KEY,
        domain=f"127.0.0.1:{port}",
        platform="62",
        protocol="http",
        logger=quiet,
    )


def sign(client: str, name: str) -> None:
    """Print how long signing a body takes, several times."""
    body = bodies()[name]
    run = our_signing() if client == "ours" else vendor_signing()
    for _ in range(7):
        began = time.perf_counter()
        run(body)
        print(time.perf_counter() - began)


def construct(client: str, port: str) -> None:
    """Make a client and do nothing with it; the server counts."""
    _ = our_client(port) if client == "ours" else vendor_client(port)


def call(client: str, port: str) -> None:
    """Print how long a call takes, its request being validated."""
    api = our_client(port) if client == "ours" else vendor_client(port)
    api.query.task_info([7])
    began = time.perf_counter()
    for _ in range(CALLS):
        api.query.task_info([7])
    print((time.perf_counter() - began) / CALLS)


def frames(client: str, port: str) -> None:
    """Print how long reading all frames of a task takes, after a first call."""
    api = our_client(port) if client == "ours" else vendor_client(port)
    api.query.task_info([7])
    began = time.perf_counter()
    found = api.query.get_all_frames(7)
    print(time.perf_counter() - began)
    if len(found) != FRAMES:
        sys.exit(f"{client}: {len(found)} frames instead of {FRAMES}")


CASES: Mapping[str, Callable[[str, str], None]] = {
    "sign": sign,
    "construct": construct,
    "call": call,
    "frames": frames,
}

if __name__ == "__main__":
    CASES[sys.argv[2]](sys.argv[1], sys.argv[3])
