"""Deadline over its Web Service: the farm `deadline-rest`, in the core's own process.

The claims are those of the agent that runs inside Deadline (`custom/plugins/Renderbus`): `jobs`,
`rows` and `repository` offer it over HTTP what it asks of Deadline's own interface, and `opening`
puts the two together. docs/deadline.md says what this way cannot do.
"""

from deadline_plugin.rest.checking import examine
from deadline_plugin.rest.opening import open_farm

__all__ = ["examine", "open_farm"]
