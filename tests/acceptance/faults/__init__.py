"""The fault run: real processes killed at random under load, and an independent look at what became of the jobs.

`harness` starts and restarts the processes, `work` says what jobs there are and what must come of each, `load` sends
them and waits, `plan` draws the harm and `killer` does it, `checker`, `history` and `keyspace` look afterwards,
`report` prints what they found, and `run` puts these together: `python -m tests.acceptance.faults --kills 300`.
"""
