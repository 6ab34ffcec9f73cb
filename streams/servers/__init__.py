"""Servers: Apache Kafka and PostgreSQL as programs of our own, without installation or root.

They serve the tests and `escrow cluster up`. An installation brings its own broker and database.
"""
