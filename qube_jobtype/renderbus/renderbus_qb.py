"""Finding Qube's module `qb`, which lies in Qube's own folder and fits few Pythons.

Standard library only, Python 3.6 and up.
"""

import importlib
import os
import sys

# Where Qube lies unless QBDIR says otherwise.
_FOLDERS = ("/usr/local/pfx/qube", "/Applications/pfx/qube", "C:/Program Files/pfx/qube")


class QbError(Exception):
    """There is no `qb` for this Python; one sentence."""


def find_qb():
    """Return Qube's module.

    Raises:
        QbError: it is not on this host, or not made for this Python.
    """
    try:
        return importlib.import_module("qb")
    except ImportError as error:
        why = error
    for folder in (os.environ.get("QBDIR", ""), *_FOLDERS):
        place = os.path.join(folder, "api", "python")
        if folder and os.path.isdir(place) and place not in sys.path:
            sys.path.append(place)
            try:
                return importlib.import_module("qb")
            except ImportError as error:
                why = error
    raise QbError(
        "Qube's Python module qb cannot be loaded by Python {}.{} ({}): {}; Qube 7.5 and 8 bring "
        "it for Python 3.6 to 3.10: name such a Python, and set QBDIR where Qube lies "
        "elsewhere".format(sys.version_info[0], sys.version_info[1], sys.executable, why)
    )
