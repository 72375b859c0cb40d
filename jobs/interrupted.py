"""What is raised in a thread whose answer nobody waits for any more."""

import ctypes


class InterruptedThread(BaseException):
    """No `except Exception` of a transform's catches it, and no step turns it into its own failure."""


def raise_in(thread: int) -> None:
    """Raise InterruptedThread in the thread of this identity, at its next Python instruction.

    Whoever calls makes sure that the thread is still at what is to be ended.
    """
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(InterruptedThread))
