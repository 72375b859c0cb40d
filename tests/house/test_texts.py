"""What no file of the repository holds."""

import re

from tests.house.sources import place, texts

# in parts, so that this file does not hold them itself
REGISTRIES = [
    "pypi" + ".org",
    "python" + "hosted.org",
    "docker" + ".io",
    "ghcr" + ".io",
    "quay" + ".io",
    "conda" + ".org",
]
MACHINES = ["/wo" + "rk/", "/ho" + "me/", "/ro" + "ot/", "/Us" + "ers/"]
FORBIDDEN = re.compile("|".join(map(re.escape, REGISTRIES + MACHINES)))
UNFINISHED = re.compile(
    "|".join(
        [
            r"\bTO" + "DO",
            r"\bFIX" + "ME",
            r"\bX" + r"XX\b",
            r"raise\s+NotImplemented" + "Error",
            r"mark\.x" + "fail",
            r"pytest\.s" + "kip",
        ]
    )
)


def found(pattern: re.Pattern[str], *endings: str) -> list[str]:
    return [
        f"{place(path, number)}: {match[0]}"
        for path, text in texts(*endings)
        for number, line in enumerate(text.splitlines(), start=1)
        if (match := pattern.search(line))
    ]


def test_no_registry_host_and_no_path_of_a_machine() -> None:
    assert found(FORBIDDEN) == []


def test_nothing_is_left_unfinished_or_skipped() -> None:
    assert found(UNFINISHED, ".py", ".lua", ".toml", ".yaml", "Makefile", "Dockerfile") == []


def test_every_text_ends_with_one_newline() -> None:
    assert [
        str(path)
        for path, text in texts(".py", ".md", ".lua", ".toml", ".yaml")
        if text and not re.search(r"[^\n]\n\Z", text)
    ] == []
