"""The officers' pages: what was found, how it is known, what waits. Read only, loopback only."""
