"""The processes of `framequeue up`: started together, watched, stopped in order."""
