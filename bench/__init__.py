"""Measures the program on the facts of a simulated city: `python -m bench --help`."""
