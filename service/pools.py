"""Which allocator Arrow takes, which only the environment of a process can say before Arrow is loaded."""

from typing import Final

ARROW_POOL: Final = ("ARROW_DEFAULT_MEMORY_POOL", "system")
"""The system's: `release_unused` then gives freed memory back; with Arrow's own, 60 MB stayed after a Parquet."""
