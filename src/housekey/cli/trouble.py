"""What keeps a process from starting."""

from __future__ import annotations


class CannotStart(Exception):
    """The process cannot do its work at all. The text is one sentence for the operator."""
