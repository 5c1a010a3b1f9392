"""What a job may want of the cloud, as the dialog knows it: the core's own table lies beside this.

Standard library only, Python 3.7 and up. The core judges options once more, and by the same table;
what is told here is told before a job is there.
"""

import json
import re
from pathlib import Path

KEY_PREFIX = "renderbus_"
"""How the extra info keys of a job begin that are options."""

_TABLE = Path(__file__).with_name("renderbus_options.json")
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}$")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)$")


class Options(object):
    """The options that there are, by name, each with the rule for its value."""

    def __init__(self):
        document = json.loads(_TABLE.read_text(encoding="utf-8"))
        self._rules = document["properties"]
        self._needs = document["dependentRequired"]

    def __iter__(self):
        return iter(self._rules)

    def tip(self, name):
        """Return what an option means, for people."""
        return self._rules[name]["description"]

    def problems(self, texts, labels):
        """Return everything that is wrong with some options, in sentences.

        Args:
            texts: by name; an empty one says nothing.
            labels: how people call each.
        """
        said = {name: text.strip() for name, text in texts.items() if text.strip()}
        found = [
            "{}: '{}' {}.".format(labels[name], text, wrong)
            for name, text in said.items()
            for wrong in [_wrong(self._rules[name], text)]
            if wrong
        ]
        for name, others in self._needs.items():
            found += [
                "{} needs {}.".format(labels[name], labels.get(other, other))
                for other in others
                if name in said and other not in said
            ]
        if said.get("stop_after_test") == "true" and "priority_frames" not in said:
            found.append("There are no frames to stop after: fill in what renders first.")
        if said.get("tiles", "1") != "1" and said.get("frames_per_machine", "1") != "1":
            found.append("Tiles and several frames per machine exclude each other.")
        return found


def _wrong(rule, text):
    """Return what is wrong with a value; "" when nothing is."""
    kind = rule.get("type")
    if kind == "integer" and not _WHOLE.match(text):
        return "is no whole number"
    if kind == "number" and not _NUMBER.match(text):
        return "is no number"
    if kind in ("integer", "number"):
        low = rule.get("minimum", rule.get("exclusiveMinimum"))
        small = float(text) < low if "minimum" in rule else float(text) <= low
        if small or float(text) > rule["maximum"]:
            bound = "from" if "minimum" in rule else "above"
            return "must be {} {} to {}".format(bound, low, rule["maximum"])
    if "enum" in rule and text not in rule["enum"]:
        return "must be " + " or ".join(rule["enum"])
    if "pattern" in rule and not re.match(rule["pattern"], text):
        return "must be like " + rule["examples"][0]
    return ""
