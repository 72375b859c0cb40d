"""The happy path as a tutorial: read the tests in the order of their lines."""
