"""Alerts: the rules, the cases they open, and the pages, messages and figures people see."""
