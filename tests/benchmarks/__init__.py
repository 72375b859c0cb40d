"""What `make bench` measures, each beside its peer in the same run."""
