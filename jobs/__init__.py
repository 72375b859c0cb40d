"""The domain: durable DataFrame jobs. Knows nothing of HTTP."""
