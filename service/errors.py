"""What only HTTP can refuse: errors beside the domain's, each with the headers that its answer must carry.

FramequeueError
├── RequestMalformed      http.malformed
├── HeadTooLarge          http.head_too_large
├── HeaderMalformed       header.malformed
├── MultipartMalformed    multipart.malformed
├── CursorMalformed       cursor.malformed
├── RangeUnsatisfiable    range.not_satisfiable
├── ServiceStopping       service.stopping
├── RequestTimeout        request.timeout
├── MethodNotAllowed      http.method_not_allowed
├── AuthError
│   ├── KeyMissing            auth.key_missing
│   ├── KeyUnknown            auth.key_unknown
│   └── ScopeMissing          auth.scope_missing
└── FormatUnsupported (of the domain)
    └── EncodingUnsupported   format.encoding_unsupported
"""

from collections.abc import Iterable, Sequence

from jobs.errors import FormatUnsupported, FramequeueError


class HttpError(FramequeueError):
    """An error of the protocol; `headers` go into its answer."""

    headers: tuple[tuple[str, str], ...] = ()


class RequestMalformed(HttpError):
    """The bytes that came are no HTTP request."""

    code = "http.malformed"
    title = "Malformed request"

    def __init__(self) -> None:
        super().__init__("what came is not an HTTP/1.1 request; the connection is closed")


class HeadTooLarge(HttpError):
    """Request line and headers are larger than what is read before anything knows whose they are."""

    code = "http.head_too_large"
    title = "Request head too large"

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"request line and headers are larger than {limit:,} bytes; send a long pipeline as JSON or multipart"
        )


class HeaderMalformed(HttpError):
    """A header of the request does not follow its grammar."""

    code = "header.malformed"
    title = "Malformed header"

    def __init__(self, header: str, detail: str) -> None:
        super().__init__(f"header {header}: {detail}")


class MultipartMalformed(HttpError):
    """The body is not the multipart/form-data that its Content-Type says."""

    code = "multipart.malformed"
    title = "Malformed multipart body"


class CursorMalformed(HttpError):
    """The cursor is not one that this list gave."""

    code = "cursor.malformed"
    title = "Malformed cursor"

    def __init__(self) -> None:
        super().__init__("the cursor is not one that this list gave with these filters; begin again without it")


class RangeUnsatisfiable(HttpError):
    """The range begins behind the end."""

    code = "range.not_satisfiable"
    title = "Range not satisfiable"

    def __init__(self, size: int) -> None:
        self.headers = (("content-range", f"bytes */{size}"),)
        super().__init__(f"the range begins behind the end of the {size:,} bytes there are")


class ServiceStopping(HttpError):
    """The process is stopping, and this answer would have come later than it may wait."""

    code = "service.stopping"
    title = "Service stopping"
    retryable = True
    headers = (("retry-after", "1"), ("connection", "close"))

    def __init__(self) -> None:
        super().__init__("the service is stopping; ask again, another or the next process answers")


class RequestTimeout(HttpError):
    """The body stopped coming."""

    code = "request.timeout"
    title = "Request timed out"
    retryable = True
    headers = (("connection", "close"),)

    def __init__(self, waited_s: float, what: str = "nothing of the body came for") -> None:
        super().__init__(f"{what} {waited_s:g} s; nothing was stored, send it again")


class MethodNotAllowed(HttpError):
    """The path exists, and this method is not one of its own; `Allow` lists those."""

    code = "http.method_not_allowed"
    title = "Method not allowed"

    def __init__(self, method: str, allowed: Iterable[str]) -> None:
        methods = ", ".join(sorted(allowed))
        self.headers = (("allow", methods),)
        super().__init__(f"this path does not take {method[:40]}; it takes {methods}")


class AuthError(HttpError):
    """The caller is not known, or may not do this."""


class KeyMissing(AuthError):
    """The service asks for a key, and the request has none."""

    code = "auth.key_missing"
    title = "No API key"
    headers = (("www-authenticate", 'Bearer realm="framequeue"'),)

    def __init__(self) -> None:
        super().__init__("this service asks for a key: send the header 'Authorization: Bearer KEY'")


class KeyUnknown(AuthError):
    """The key is not one of those that are configured."""

    code = "auth.key_unknown"
    title = "Unknown API key"
    headers = (("www-authenticate", 'Bearer realm="framequeue", error="invalid_token"'),)

    def __init__(self) -> None:
        super().__init__("the key is not one of this service's; `framequeue keys new` makes one")


class ScopeMissing(AuthError):
    """The key is known, and lacks the scope that this call needs."""

    code = "auth.scope_missing"
    title = "Scope missing"

    def __init__(self, scope: str) -> None:
        self.headers = (
            ("www-authenticate", f'Bearer realm="framequeue", error="insufficient_scope", scope="{scope}"'),
        )
        super().__init__(f"this call needs the scope {scope!r}, which the key does not have")


class EncodingUnsupported(FormatUnsupported):
    """The Content-Encoding of the body is not one that the service reads."""

    code = "format.encoding_unsupported"
    title = "Unsupported content encoding"

    def __init__(self, encoding: str, known: Sequence[str]) -> None:
        self.headers = (("accept-encoding", ", ".join(known)),)
        super().__init__(f"Content-Encoding {encoding[:80]!r} is not read here", known)
