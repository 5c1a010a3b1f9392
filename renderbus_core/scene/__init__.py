"""Scenes read without the program that made them; the files they name, found on this host."""

from __future__ import annotations

from renderbus_core.scene.formats import why_unread
from renderbus_core.scene.inspection import inspect, is_current
from renderbus_core.scene.resolve import NOT_FOUND, ResolvedFile, resolve

__all__ = ["NOT_FOUND", "ResolvedFile", "inspect", "is_current", "resolve", "why_unread"]
