"""Scenes of the demonstration; inside the installed package as `renderbus_core.examples`."""
