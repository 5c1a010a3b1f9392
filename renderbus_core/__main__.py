"""`python -m renderbus_core` is the command `renderbus`."""

import sys

from renderbus_core.cli import main

if __name__ == "__main__":
    sys.exit(main())
