"""The worker process: claims, leases, threads and attempts."""
