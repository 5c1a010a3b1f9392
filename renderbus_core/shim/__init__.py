"""What runs inside other programs' interpreters; its files are copied there, one by one."""

from renderbus_core.shim import renderbus_link

__all__ = ["renderbus_link"]
