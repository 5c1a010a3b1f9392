"""The bridge's side of Thinkbox Deadline 10: what runs in the core's own process.

`convert` turns a job as Deadline holds it into one that the bridge can send, or says key by key
why it cannot. The files that Deadline itself runs are not there yet.
"""

from deadline_plugin.converting import Conversion, Refusal, convert
from deadline_plugin.submission import Dump, read_submission

__all__ = ["Conversion", "Dump", "Refusal", "convert", "read_submission"]
