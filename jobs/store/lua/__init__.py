"""The Lua scripts of the store; `jobs.store.scripts` has their stubs."""
