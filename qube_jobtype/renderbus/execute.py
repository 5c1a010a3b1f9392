"""The job type renderbus: Qube runs this file on a gateway worker for each instance of a job.

Standard library only, Python 3.6 and up.
"""

import os
import sys

# The files that it needs lie beside it; Qube need not run it under its own name.
sys.path.insert(0, os.path.dirname(os.path.abspath((lambda: None).__code__.co_filename)))

from renderbus_backend import main

code = main()
if code:
    sys.exit(code)
