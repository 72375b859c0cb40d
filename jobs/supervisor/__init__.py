"""The supervisor: a small process that keeps one worker process alive and answers for it when it cannot.

It imports no pandas, no pydantic and no structlog: with redis-py it takes some 33 MB.
"""
