"""Changed bank files: whatever stands in them is read right, held or refused, and soon.

A target is a module here with `seeds()`, `TOKENS` and `read`; `python -m tests.fuzz` runs it.
"""
