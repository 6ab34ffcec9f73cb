"""The domain: what can be reported and how it is judged. No input or output, no clock."""
