"""Which allocator Arrow takes, which only the environment of a process can say before Arrow is loaded."""

from typing import Final

ARROW_POOL: Final = ("ARROW_DEFAULT_MEMORY_POOL", "system")
"""The system's: `release_unused` then gives freed memory back; Arrow's own pool keeps some 60 MB for each format."""
