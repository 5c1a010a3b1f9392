"""A look at a job with the bridge of this machine, in a process of its own.

Standard library only, Python 3.7 and up. Whoever asks goes on meanwhile, and comes back for the
answer.
"""

import json
import os
import subprocess
import tempfile
import time

from renderbus_gateway import NATIVE_PLUGIN, PLUGIN, ROLE

_LONGEST_SHOWN = 12
# Deadline's interpreter may point these at libraries of its own.
_DROPPED = frozenset({"PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP"})


class Look(object):
    """Begins to look at a job.

    Args:
        program: of the bridge.
        config_file: of the bridge; "" for the user's.
        info: job info by key.
        plugin_info: plug-in info by key.
    """

    def __init__(self, program, config_file, info, plugin_info):
        named = ["--config", config_file] if config_file else []
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the answer
        self._process = subprocess.Popen(  # noqa: S603 - an argument list, no shell
            [program, *named, "rpc"],
            stdin=subprocess.PIPE,
            stdout=self._said,
            stderr=subprocess.STDOUT,
            env={name: v for name, v in os.environ.items() if name not in _DROPPED},
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        # It fits into the pipe, and is read at once.
        self._process.stdin.write(_request(info, plugin_info))
        self._process.stdin.close()

    def answer(self):
        """Return what was found, for people; None while it is being looked at."""
        if self._process.poll() is None:
            return None
        with self._said:
            self._said.seek(0)
            text = self._said.read().decode("utf-8", "replace")
        lines = text.strip().splitlines()
        try:
            reply = json.loads(lines[-1])
        except (IndexError, ValueError):
            return "The bridge could not look at it:\n" + text.strip()[-1000:]
        return told(reply)


def told(reply):
    """Return a reply in words.

    Args:
        reply: of `renderbus rpc`.
    """
    if "error" in reply:
        return "It cannot be sent: " + str(reply["error"]["message"])
    found = reply["result"]
    words = ["It can be sent." if found["can_be_sent"] else "It cannot be sent as it is."]
    words += ["{severity}: {message}".format(**one) for one in found["findings"][:_LONGEST_SHOWN]]
    more = len(found["findings"]) - _LONGEST_SHOWN
    if more > 0:
        words.append("... and {} more".format(more))
    words += ["{} becomes {}".format(*pair) for pair in found["outputs"][:_LONGEST_SHOWN]]
    return "\n".join(words)


def _request(info, plugin_info):
    native = dict(info)
    settings = dict(plugin_info)
    if native["Plugin"] == PLUGIN:
        native["Plugin"] = settings.pop(NATIVE_PLUGIN)
        settings.pop(ROLE)
    now = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime()) + "+00:00"
    job = {"id": "", "submitted_at": now, "job_info": native, "plugin_info": settings}
    params = {"farm": "deadline", "job": dict(job, auxiliary=[])}
    request = {"jsonrpc": "2.0", "id": 1, "method": "look", "params": params}
    return json.dumps(request).encode("ascii")
