"""The stories, told to mutants of the rules by `make mutation`."""
