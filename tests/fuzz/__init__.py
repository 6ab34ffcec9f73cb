"""Changed bank files: whatever stands in them is read right, held or refused, and soon.

A target is a module here with `seeds()`, `TOKENS` and `read`, or with `changed` where bytes are not
what changes; `python -m tests.fuzz` runs it.
"""
