"""Telling a URL that a job has ended: which URL it may be, what it is told, how that is signed, when it is tried."""
