"""The bridge between a studio's render farm and the Renderbus cloud."""

__version__ = "0.1.0"
