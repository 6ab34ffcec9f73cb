"""A simulated city with its bank files, its registers and the truth about what is wrong in it.

It imports no rule: its limits are its own literals, so that a city is a trial and no mirror.
"""

from streams.simulator.city import simulate

__all__ = ["simulate"]
