"""The bridge's side of Thinkbox Deadline 10.

`custom/` is what Deadline runs, as it lies in a repository; it is data here, imported by nobody.
The modules run in the core's own process: `converting` and `translating` say what a job means for
the cloud, `installing` and `checking` put `custom/` in its place and look after it.
"""

from deadline_plugin.converting import convert
from deadline_plugin.rest_json import read_jobs
from deadline_plugin.submission import Dump, read_submission

__all__ = ["Dump", "convert", "read_jobs", "read_submission"]
