"""Files, pipes and terminals as sources of frames and targets of results."""

import codecs
import os
import re
import stat
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from jobs.errors import FramequeueError
from service.client import File
from service.ended import Ended
from service.formats import Format, FormatUnclear, named, of_file
from service.intake.strict import strict
from service.intake.wording import message_of, pointer_to, readable, split

_NAME = re.compile(r"^[A-Za-z_][A-Za-z0-9_]{0,63}$")
_JSON = msgspec.json.Decoder()
STDIO = "-"


def pipeline(given: str) -> list[Any]:
    """The steps, from inline JSON, a file's name or `-` for standard input. Raises Ended (2) with an error's place."""
    if not given.strip():
        raise Ended("--pipeline is empty: name a JSON file, or write the steps inline as a JSON list ([] for none)", 2)
    inline = given.lstrip()[:1] in ("[", "{")
    where = "--pipeline" if inline else given
    try:
        text = given if inline else sys.stdin.read() if given == STDIO else Path(given).read_text("utf-8")
        steps = strict(_JSON, text.encode(), where)
    except OSError as error:
        hint = "name a JSON file, or write the steps inline as a JSON list"
        raise Ended(f"cannot read the pipeline {given!r} ({error.strerror}); {hint}", 2) from None
    except msgspec.ValidationError as error:
        message = message_of(error)
        raise Ended(f"{where}: {readable(message)} at {pointer_to(split(message)[1])}", 2) from None
    except (FramequeueError, ValueError) as error:
        raise Ended(
            error.detail if isinstance(error, FramequeueError) else f"{where} is not JSON: {error}", 2
        ) from None
    if isinstance(steps, dict) and set(steps) == {"pipeline"}:
        steps = steps["pipeline"]
    if not isinstance(steps, list):
        raise Ended(f'{where} is not a pipeline: a JSON list of steps such as [{{"op": "head", "n": 5}}]', 2)
    return steps


def one_stdin(*given: str | None) -> None:
    """Refuse where more than one thing is to come from standard input. Raises Ended (2)."""
    if given.count(STDIO) > 1:
        raise Ended("only one of the inputs and the pipeline can be standard input", 2)


def pairs(given: list[str], option: str) -> dict[str, str]:
    """`NAME=VALUE` options as a dict. Raises Ended (2)."""
    found: dict[str, str] = {}
    for item in given:
        name, equals, value = item.partition("=")
        if not equals or not name or name in found:
            raise Ended(f"{option} {item!r} is not a NAME=VALUE with a name of its own", 2)
        found[name] = value
    return found


def charset(asked: str | None) -> str | None:
    """The charset by Python's name for it. Raises Ended (2)."""
    if asked is None:
        return None
    try:
        "".encode(asked)  # refuses base64, zip and the like, which are codecs but no charsets
        return codecs.lookup(asked).name
    except (LookupError, ValueError):
        raise Ended(f"no charset {asked!r}; there is utf-8, latin-1, cp1252, utf-16, shift_jis …", 2) from None


def source(stack: ExitStack, name: str, file: str, input_format: str | None, input_charset: str | None = None) -> File:
    """An open source; standard input where `file` is `-`. A charset is for text alone. Raises Ended (2)."""
    form, encoding = form_of(name, file, input_format)
    try:
        stream: BinaryIO = sys.stdin.buffer if file == STDIO else stack.enter_context(_opened(file))
        size = None if file == STDIO else _regular_size(stream)
    except OSError as error:
        raise Ended(f"cannot read {file!r}: {error.strerror}", 2) from None
    charset = input_charset if form.takes_charset else None
    return File(stream, form.media_type, encoding, charset, size=size)


def form_of(name: str, file: str, input_format: str | None) -> tuple[Format, str | None]:
    """The format and the Content-Encoding of the input `name`. Raises Ended (2), also where it cannot be called so."""
    if not _NAME.match(name):
        raise Ended(f"an input cannot be named {name!r}: letters, digits and underscores, not a digit first", 2)
    if file == STDIO and input_format is None:
        raise Ended("say the format of standard input, such as --input-format csv", 2)
    try:
        return _format(file, input_format)
    except FormatUnclear as error:
        raise Ended(f"{error} with --input-format" if input_format is None else str(error), 2) from None


def result_format(output: str | None, asked: str | None) -> Format | None:
    """The format of the result: asked for, or the output file's, or CSV into a pipe; None: a table on the terminal."""
    try:
        if asked:
            chosen, encoding = named(asked), None
        elif output and output != STDIO:
            chosen, encoding = of_file(output)
        else:
            chosen, encoding = named("csv"), None
            if sys.stdout.isatty() and output is None:
                return None
    except FormatUnclear as error:
        raise Ended(str(error) if asked else f"{error} with --format", 2) from None
    if encoding:
        raise Ended(f"a result is not written compressed: leave the ending of {output!r} out", 2)
    if not chosen.text and output in (None, STDIO) and sys.stdout.isatty():
        raise Ended(f"{chosen.name} is nothing to show on a terminal: name a file with -o, or pipe it", 2)
    return chosen


def check_writable(output: str | None) -> None:
    """Refuse, before anything is submitted, a target that cannot be written. Raises Ended (2)."""
    if output in (None, STDIO):
        return
    path = Path(output or "")
    if path.is_dir() or not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        raise Ended(f"cannot write {str(path)!r}: no such folder, or not yours to write in", 2)


@contextmanager
def target(output: str | None) -> Iterator[BinaryIO]:
    """Where the result goes. A file appears under its name only when it is whole."""
    if output is None or output == STDIO:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    part = Path(f"{output}.part")
    try:
        with part.open("wb") as stream:
            yield stream
        part.replace(output)
    except OSError as error:
        raise Ended(f"cannot write {output!r}: {error.strerror or error}") from None
    finally:
        part.unlink(missing_ok=True)


def _format(file: str, asked: str | None) -> tuple[Format, str | None]:
    if asked is None:
        return of_file(file)
    try:
        return named(asked), of_file(file)[1]
    except FormatUnclear:
        return named(asked), None  # a name without a known ending: then nothing says that it is compressed


def _opened(file: str) -> BinaryIO:
    return Path(file).open("rb")


def _regular_size(stream: BinaryIO) -> int | None:
    status = os.fstat(stream.fileno())
    return status.st_size if stat.S_ISREG(status.st_mode) else None  # a named pipe has no size to promise
