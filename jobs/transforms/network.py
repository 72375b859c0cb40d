"""Which errors of a user's transform are a lost connection: over next time, perhaps, as bad data is not."""

import errno
import socket
from typing import Final

_KINDS: Final = (ConnectionError, TimeoutError, socket.gaierror, socket.herror)
_NUMBERS: Final = frozenset(
    {
        errno.ECONNREFUSED,
        errno.EHOSTDOWN,
        errno.EHOSTUNREACH,
        errno.ENETDOWN,
        errno.ENETRESET,
        errno.ENETUNREACH,
        errno.ENOTCONN,
        errno.EPIPE,
        errno.ESHUTDOWN,
        errno.ETIMEDOUT,
    }
)
_DEPTH: Final = 10


def lost_connection(error: OSError) -> bool:
    """Whether the network, not a file, is what failed.

    HTTP clients wrap it in an OSError without a number (`requests`, `urllib`): there the errors beneath decide.
    """
    found: BaseException | None = error
    for _ in range(_DEPTH):
        if found is None:
            return False
        if isinstance(found, _KINDS) or (isinstance(found, OSError) and found.errno in _NUMBERS):
            return True
        if isinstance(found, OSError) and found.errno is not None:
            return False
        reason = getattr(found, "reason", None)  # urllib's URLError
        found = reason if isinstance(reason, OSError) else found.__cause__ or found.__context__
    return False
