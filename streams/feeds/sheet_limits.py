"""What the process that opens an Excel file and the one that starts it agree on.

Nothing is imported here: the process is started for every file.
"""

SECONDS_MAX = 120
"""By the clock; a sheet of 300,000 rows takes a tenth of it on one core."""

REFUSED_STATUS = 3
MEMORY_STATUS = 4

NUMBER_MARK = "\x02"
"""Before a cell that a spreadsheet holds as a number: digits may be lost, zeros are."""
