"""The ops: one module per family, each op a small frozen parameter model with one pure method."""
