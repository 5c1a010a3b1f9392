"""What the studio says in the job type's own job.conf: which program, and how frames are shown.

A job cannot say otherwise which program is run: whoever submits a job is not who installs programs.

Standard library only, Python 3.6 and up.
"""

import configparser
import os
import sys

WHOLE, EACH = "whole", "each"
"""How frames that come home out of order are shown: at once, or when Qube asks for them."""

_TOPIC = "renderbus"
_SYSTEMS = {"win32": "winnt", "cygwin": "winnt", "darwin": "osx"}


class SettingsError(Exception):
    """The job type's job.conf cannot be used; one sentence."""


class Settings:
    """What is set for this worker.

    Args:
        file: job.conf.

    Attributes:
        program: of the bridge.
        config: its configuration; "" for the user's.
        mapping: WHOLE or EACH.
        stop_seconds: how long the bridge may take to let go.

    Raises:
        SettingsError: something in it cannot be used.
    """

    def __init__(self, file):
        said = _topic(file)
        self.program = said.get("renderbus_" + _SYSTEMS.get(sys.platform, "linux"), "")
        self.config = said.get("renderbus_config", "")
        self.mapping = said.get("renderbus_mapping") or WHOLE
        if self.mapping not in (WHOLE, EACH):
            raise SettingsError(
                "renderbus_mapping = {} in {} is no mapping; write {} or {}".format(
                    self.mapping, file, WHOLE, EACH
                )
            )
        try:
            self.stop_seconds = float(said.get("renderbus_stop_seconds") or 25)
        except ValueError:
            raise SettingsError(
                "renderbus_stop_seconds in {} is no number of seconds".format(file)
            ) from None
        if not os.path.isfile(self.program):
            raise SettingsError(
                "the bridge's program {!r} is not on this worker; install it here, and name it in "
                "{}".format(self.program, file)
            )

    def command(self, id_, plans=True):
        """Return how the core is started for a job.

        Args:
            id_: of the job.
            plans: whether it may send what waits.
        """
        named = ["--config", self.config] if self.config else []
        more = [] if plans else ["--no-new"]
        return [self.program, *named, "run", "--farm", "link", "--of-job", str(id_), *more]


def _topic(file):
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        with open(file, encoding="utf-8") as lines:
            parser.read_file(lines)
    except (OSError, UnicodeDecodeError, configparser.Error) as error:
        raise SettingsError("{} cannot be read ({})".format(file, error)) from error
    return dict(parser[_TOPIC]) if parser.has_section(_TOPIC) else {}
