"""Tests: models and rules without input or output, then the whole program over real files."""
