"""The command line: thin faces over the core, one module per command."""

from renderbus_core.cli.app import main

__all__ = ["main"]
