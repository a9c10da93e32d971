"""presswatch: how pages come in."""

__version__ = "0.1.0"
