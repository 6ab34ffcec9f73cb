"""Streams: readers of bank feeds and registers, the shell that runs the rules, the command line."""
