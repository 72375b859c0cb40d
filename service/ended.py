"""How a command ends early; imports nothing, so that the command line can know it before it loads anything."""


class Ended(Exception):
    """The command ends here: one line for stderr (none where all is said), and the exit code."""

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.code = code
