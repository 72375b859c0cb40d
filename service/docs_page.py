"""The page /docs: every operation as plain HTML, which Swagger UI takes over where its script loads."""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from html import escape
from string import Template
from typing import Any, Final

from service.negotiation import JSON

STYLE: Final = """\
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; color: #1b1f24; background: #fff }
main { max-width: 60rem; margin: 0 auto; padding: 1.5rem }
article { border: 1px solid #d0d7de; border-radius: 6px; margin: 1rem 0; padding: .75rem 1rem }
h2 { font-size: 1rem; margin: 0 } h2 b { display: inline-block; min-width: 4.5rem; color: #0550ae }
p { margin: .4rem 0 } pre { background: #f6f8fa; border-radius: 6px; padding: .6rem; overflow-x: auto; margin: .4rem 0 }
code, pre { font: 13px/1.45 ui-monospace, monospace }"""
"""The look of the pages for people."""
_SWAGGER: Final = "https://cdn.jsdelivr.net/npm/swagger-ui-dist@5/swagger-ui"
_CODE: Final = re.compile("`([^`]+)`")
# the script is asynchronous and brings its style sheet: a network that never answers must not keep the page blank
_PAGE: Final = Template("""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>
$style
</style>
</head>
<body>
<main id="plain">
<h1>$title</h1>
<p>$about</p>
<p>The whole description is <a href="$document">openapi.json</a>. Where the service has keys, add
<code>-H 'Authorization: Bearer KEY'</code>.</p>
$operations
</main>
<div id="swagger-ui"></div>
<script>
function enrich() {
  const style = document.createElement("link");
  style.rel = "stylesheet";
  style.href = "$swagger.css";
  document.head.append(style);
  SwaggerUIBundle({url: "$document", dom_id: "#swagger-ui", deepLinking: true,
                   onComplete: () => { document.getElementById("plain").hidden = true; }});
}
</script>
<script async src="$swagger-bundle.js" onload="enrich()"></script>
</body>
</html>
""")


def docs_page(document: Mapping[str, Any], base: str) -> str:
    """The page for an OpenAPI document whose operations are reached below `base`, a URL without a slash at its end."""
    info = document["info"]
    return _PAGE.substitute(
        title=escape(f"{info['title']} {info['version']}"),
        about=_prose(info["description"]),
        document="./openapi.json",  # relative: right behind a proxy's prefix as well
        style=STYLE,
        swagger=_SWAGGER,
        operations="\n".join(_operations(document, base)),
    )


def _operations(document: Mapping[str, Any], base: str) -> Iterator[str]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            about = operation.get("description")
            yield (
                f"<article><h2><b>{escape(method.upper())}</b> <code>{escape(path)}</code></h2>"
                f"<p>{_prose(operation['summary'])}</p>"
                + (f"<p>{_prose(about)}</p>" if about else "")
                + f"<pre>{escape(_curl(method, base + path, operation))}</pre></article>"
            )


def _prose(text: str) -> str:
    """Text of the document as HTML; what stands in backticks there is code."""
    return _CODE.sub(r"<code>\1</code>", escape(text))


def _curl(method: str, url: str, operation: Mapping[str, Any]) -> str:
    """A call that works once the ids in it are real ones."""
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "path":
            url = url.replace(f"{{{parameter['name']}}}", _sample(parameter))
    words = ["curl"]
    if method == "head":
        words.append("--head")
    media_type, body = _body(operation)
    if method not in ("get", "head") and not (method == "post" and media_type):  # a body makes it a POST by itself
        words += ["--request", method.upper()]
    if media_type:
        words += ["--header", f"Content-Type: {media_type}", "--data-binary", body]
    return shlex.join([*words, url])


def _sample(parameter: Mapping[str, Any]) -> str:
    prefix = parameter.get("schema", {}).get("pattern", "").removeprefix("^")
    return str(parameter.get("example") or f"{prefix}{parameter['name'].upper()}")


def _body(operation: Mapping[str, Any]) -> tuple[str, str]:
    """A body that the operation's own examples give, JSON before others; two empty texts for none."""
    content = operation.get("requestBody", {}).get("content", {})
    for media_type in sorted(content, key=lambda one: one != JSON):
        for example in content[media_type].get("examples", {}).values():
            value = example["value"]
            return media_type, value if isinstance(value, str) else json.dumps(value)
    return "", ""
