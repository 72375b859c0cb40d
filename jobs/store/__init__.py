"""Everything that is kept in Redis: keys, Lua scripts, job records, blobs. Knows no frames."""
