"""A look at a job with the bridge of this machine, in a process of its own.

Standard library only, Python 3.7 and up. Whoever asks goes on meanwhile, and comes back for the
answer.
"""

import json
import re
import subprocess
import tempfile
import time

from renderbus_gateway import NATIVE_PLUGIN, PLUGIN, ROLE
from renderbus_link import child_environment

_LONGEST_SHOWN = 12
# These have lines of their own.
_TOLD_APART = frozenset({"cost", "output_map"})
_BROKEN = "broken"
_MACHINE = re.compile(r"(.*), ([0-9]+) GB, ([0-9]+) GPU$")


class Look(object):
    """Begins to look at a job.

    Args:
        program: of the bridge.
        config_file: of the bridge; "" for the user's.
        info: job info by key.
        plugin_info: plug-in info by key.
        frame_seconds: how long a frame takes here; None when nobody said.
    """

    def __init__(self, program, config_file, info, plugin_info, frame_seconds=None):
        named = ["--config", config_file] if config_file else []
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the answer
        # A file, because writing into a pipe may wait until the other side reads.
        with tempfile.TemporaryFile() as asked:
            asked.write(_request(info, plugin_info, frame_seconds))
            asked.seek(0)
            self._process = subprocess.Popen(  # noqa: S603 - an argument list, no shell
                [program, *named, "rpc"],
                stdin=asked,
                stdout=self._said,
                stderr=subprocess.STDOUT,
                env=child_environment(),
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )

    def answer(self):
        """Return the reply of `renderbus rpc`; None while it is being looked at."""
        if self._process.poll() is None:
            return None
        with self._said:
            self._said.seek(0)
            text = self._said.read().decode("utf-8", "replace")
        lines = text.strip().splitlines()
        try:
            return json.loads(lines[-1])
        except (IndexError, ValueError):
            return {_BROKEN: text.strip()[-1000:]}


def told(reply):
    """Return a reply in words.

    Args:
        reply: of `Look.answer`.
    """
    if _BROKEN in reply:
        return "The bridge could not look at it:\n" + reply[_BROKEN]
    if "error" in reply:
        return "It cannot be sent: " + str(reply["error"]["message"])
    found = reply["result"]
    words = ["It can be sent." if found["can_be_sent"] else "It cannot be sent as it is."]
    words.append("Cost: {}.".format(found["cost"]))
    others = [one for one in found["findings"] if one["rule"] not in _TOLD_APART]
    words += ["{severity}: {message}".format(**one) for one in others[:_LONGEST_SHOWN]]
    more = len(others) - _LONGEST_SHOWN
    if more > 0:
        words.append("... and {} more".format(more))
    words += ["{} becomes {}".format(*pair) for pair in found["outputs"][:_LONGEST_SHOWN]]
    return "\n".join(words)


def machines(reply):
    """Return the machines that a job may ask for, texts for people; none when nobody said.

    Args:
        reply: of `Look.answer`.
    """
    rows = reply.get("result", {}).get("machines", ())
    return ["{model}, {ram} GB, {gpus} GPU".format(**row) for row in rows]


def machine_parts(text):
    """Return model, memory and graphics cards of a text of `machines`; three "" for another."""
    found = _MACHINE.match(text)
    return found.groups() if found else ("", "", "")


def _request(info, plugin_info, frame_seconds):
    native = dict(info)
    settings = dict(plugin_info)
    if native["Plugin"] == PLUGIN:
        native["Plugin"] = settings.pop(NATIVE_PLUGIN)
        settings.pop(ROLE)
    now = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime()) + "+00:00"
    job = {"id": "", "submitted_at": now, "job_info": native, "plugin_info": settings}
    params = {"farm": "deadline", "job": dict(job, auxiliary=[])}
    if frame_seconds is not None:
        params["frame_seconds"] = frame_seconds
    request = {"jsonrpc": "2.0", "id": 1, "method": "look", "params": params}
    return json.dumps(request).encode("ascii")
