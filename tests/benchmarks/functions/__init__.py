"""What the benches let workers run."""
