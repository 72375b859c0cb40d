"""The page /errors: where the `type` of a problem leads, with a place for each code."""

from html import escape
from string import Template
from typing import Final

from jobs.errors import FramequeueError
from service.docs_page import STYLE
from service.errors_doc import WHEN
from service.problems import STATUS, error_classes

_PAGE: Final = Template("""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>framequeue: errors</title>
<style>
$style
article:target { border-color: #0550ae; box-shadow: 0 0 0 1px #0550ae }
</style>
</head>
<body>
<main>
<h1>Errors</h1>
<p>Every error, over HTTP and in <code>job.error</code>, is a problem (RFC 9457) whose <code>code</code> stays. The
status is the one that a request gets; where a job met the error, its result answers 424 with the same code.</p>
$errors
</main>
</body>
</html>
""")


def errors_page() -> str:
    """The page, by status."""
    known = {error.code: error for error in error_classes() if error.code in STATUS}
    return _PAGE.substitute(style=STYLE, errors="\n".join(_article(known[code]) for code in STATUS if code in known))


def _article(error: type[FramequeueError]) -> str:
    again = " · the same request may succeed later" if error.retryable else ""
    return (
        f'<article id="{escape(error.code)}"><h2><b>{STATUS[error.code]}</b> <code>{escape(error.code)}</code></h2>'
        f"<p>{escape(error.title)}{again}</p><p>{escape(WHEN[error.code])}</p></article>"
    )
