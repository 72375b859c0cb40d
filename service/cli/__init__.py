"""The command line, one module per command; kept empty so that `framequeue api` loads nothing of the others."""
