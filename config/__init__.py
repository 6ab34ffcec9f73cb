"""Configuration: dated values, bank profiles, calendars, settings, and the code that loads them."""
