"""The store: tables, journal, findings, files and progress on SQLAlchemy Core.

It knows the domain; the domain never imports it.
"""
