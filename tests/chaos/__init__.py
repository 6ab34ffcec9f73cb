"""Faults against real servers and real processes, each seeded, each sure to have hit its window."""
