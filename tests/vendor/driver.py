"""Drives a client with the vendor's names by a list of calls; the vendor's Python runs it too.

Usage: driver.py PACKAGE MODE, with a JSON document on standard input and one on standard output.

`rayvision_api` is the vendor's package, `renderbus_core.api.compat` ours; nothing else differs.

- `names`: what the classes offer, with their arguments.
- `call`: carries out calls against a server and tells what came back.
- `record`: carries out calls against nothing and tells what they would have sent.
"""

import importlib
import inspect
import json
import logging
import sys
import time
from types import SimpleNamespace

VENDOR = "rayvision_api"
OPERATORS = (
    "QueryOperator",
    "RenderEnvOperator",
    "TagOperator",
    "TaskOperator",
    "TransmitOperator",
    "UserOperator",
)
LONGEST_WAIT = 60


def names(package, _):
    """Return each public name of the classes with its arguments; None for a property."""
    operators = importlib.import_module(package + ".operators")
    kinds = {name: getattr(operators, name) for name in OPERATORS}
    kinds["RayvisionAPI"] = importlib.import_module(package + ".core").RayvisionAPI
    return {name: members(kind) for name, kind in kinds.items()}


def members(kind):
    found = {"__init__": arguments(kind.__init__)}
    for name in dir(kind):
        value = getattr(kind, name)
        if not name.startswith("_") and not name.isupper():
            found[name] = arguments(value) if inspect.isfunction(value) else None
    return found


def arguments(function):
    parameters = list(inspect.signature(function).parameters.values())[1:]
    return [[p.name, "" if p.default is p.empty else repr(p.default)] for p in parameters]


def call(package, plan):
    """Carry out calls one after the other; each may use what earlier ones answered."""
    api = new_api(package, plan["api"])
    known = plan["known"]
    answers = []
    for row in plan["calls"]:
        arguments = filled(row.get("with", {}), known)
        answer = outcome(api, row["call"], arguments)
        wanted = row.get("until")
        if wanted:
            give_up = time.monotonic() + LONGEST_WAIT
            while picked(answer["result"], wanted["at"]) not in wanted["is"]:
                if time.monotonic() > give_up:
                    raise SystemExit(f"waited in vain: {row}, got {answer!r:.500}")
                answer = outcome(api, row["call"], arguments)
        for name, path in row.get("keep", {}).items():
            if "result" not in answer:
                raise SystemExit(f"{row} is needed later and failed: {answer}")
            known[name] = picked(answer["result"], path)
        answers.append(answer)
    return answers


def record(package, plan):
    """Carry out calls against canned answers, at a fixed time and with a fixed nonce."""
    recorder = recording(plan["replies"])
    connect = importlib.import_module(package + ".connect")
    signature = importlib.import_module(package + ".signature")
    session = connect.requests.Session()
    session.mount("https://", recorder)
    connect.requests = SimpleNamespace(Session=lambda: session)
    connect.time = SimpleNamespace(time=lambda: plan["now"])
    signature.generate_nonce = lambda: plan["nonce"]
    api = new_api(package, plan["api"])
    recordings = [{"sent": recorder.sent}]
    for row in plan["calls"]:
        recorder.sent = []
        answer = outcome(api, row["call"], row["with"])
        recordings.append({"sent": recorder.sent, "error": answer.get("error")})
    return recordings


def recording(replies):
    """Return a transport that writes requests down and answers by their path."""
    requests = importlib.import_module("requests")

    class Recorder(requests.adapters.BaseAdapter):
        def __init__(self):
            super().__init__()
            self.sent = []

        def send(self, request, **_):
            path = request.url.split("/", 3)[3]
            self.sent.append(
                {
                    "method": request.method,
                    "url": request.url,
                    "headers": {name: text(value) for name, value in request.headers.items()},
                    "body": json.loads(request.body),
                }
            )
            reply = requests.Response()
            reply.status_code = 200
            envelope = {"code": 200, "message": "", "data": replies.get("/" + path)}
            reply._content = json.dumps(envelope).encode()
            return reply

        def close(self):
            pass

    return Recorder()


def new_api(package, settings):
    """Return the client; the vendor's without the pauses between its five tries."""
    core = importlib.import_module(package + ".core")
    if package == VENDOR:
        connect = importlib.import_module(package + ".connect")
        connect.Connect.post.retry.wait = importlib.import_module("tenacity").wait_none()
    return core.RayvisionAPI(logger=logging.getLogger("driver"), **settings)


def outcome(api, path, arguments):
    """Return what a call or a property gives, or what it raises."""
    try:
        value = api
        for name in path.split("."):
            value = getattr(value, name)
        if callable(value):
            value = value(**arguments)
    except Exception as error:  # noqa: BLE001 - whatever is raised is the outcome
        kinds = [kind.__name__ for kind in type(error).__mro__]
        code = getattr(error, "error_code", None)
        return {"error": {"kinds": kinds, "code": code, "text": str(error)}}
    return {"result": value}


def filled(value, known):
    """Put what earlier calls answered in the place of `{"$": name}`; `$text` makes it text."""
    if isinstance(value, dict):
        if list(value) == ["$"]:
            return known[value["$"]]
        if list(value) == ["$text"]:
            return str(known[value["$text"]])
        return {name: filled(one, known) for name, one in value.items()}
    if isinstance(value, list):
        return [filled(one, known) for one in value]
    return value


def picked(value, path):
    """Return a part of a result, for example `items.0.id`."""
    for name in path.split(".") if path else []:
        value = value[int(name)] if isinstance(value, list) else value[name]
    return value


def text(value):
    return value.decode() if isinstance(value, bytes) else value


if __name__ == "__main__":
    run = {"names": names, "call": call, "record": record}[sys.argv[2]]
    json.dump(run(sys.argv[1], json.load(sys.stdin)), sys.stdout)
