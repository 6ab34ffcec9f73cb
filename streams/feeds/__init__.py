"""Readers: bytes of a delivered file become facts, or held rows with position and reason."""
