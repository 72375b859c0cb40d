"""What is raised in a thread whose answer nobody waits for any more."""


class InterruptedThread(BaseException):
    """No `except Exception` of a transform's catches it, and no step turns it into its own failure."""
