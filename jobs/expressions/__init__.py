"""The expression language: parse, check against the allow-lists, evaluate by walking."""
