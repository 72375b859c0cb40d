"""The catalogue: which ops there are, ours in an explicit table, the user's from the modules that a setting names."""

import hashlib
import importlib
import inspect
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import cached_property
from types import MappingProxyType, ModuleType
from typing import Any, Final

from jobs.transforms import aggregate, check, columns, combine, groups, reshape, rows, values
from jobs.transforms.base import Transform
from jobs.transforms.declare import declaration
from jobs.transforms.own import model_of

_FAMILIES: Final = (rows, columns, values, aggregate, groups, reshape, combine, check)
BUILTIN: Final[Mapping[str, type[Transform]]] = MappingProxyType(
    {transform.op: transform for family in _FAMILIES for transform in family.OPS}
)


class CatalogueError(ValueError):
    """The ops cannot be put together; the message is one line that names the module and the cause."""


class Catalogue(Mapping[str, type[Transform]]):
    """The ops by name; never changes."""

    def __init__(self, transforms: Mapping[str, type[Transform]] = BUILTIN) -> None:
        self._transforms = dict(transforms)

    def __getitem__(self, op: str) -> type[Transform]:
        return self._transforms[op]

    def __iter__(self) -> Iterator[str]:
        return iter(self._transforms)

    def __len__(self) -> int:
        return len(self._transforms)

    def describe(self, op: str) -> dict[str, Any]:
        """What is to be known of an op: `op`, `family`, `summary`, `parameters` (a JSON Schema), a runnable `example`.

        Raises KeyError for an op that is not there.
        """
        transform = self._transforms[op]
        return {
            "op": op,
            "family": transform.family,
            "summary": inspect.cleandoc(transform.__doc__ or ""),
            "parameters": parameters(transform),
            "example": asdict(transform.example) if transform.example else None,
        }

    @cached_property
    def fingerprint(self) -> str:
        """A short hash of all ops and their parameters: API and worker know the same ops where theirs are equal."""
        return _digest(self.digests)[:16]

    @cached_property
    def digests(self) -> dict[str, str]:
        """A short hash of each op's parameters, by its name: where two catalogues differ, these tell in what."""
        return {op: _digest(parameters(self._transforms[op]))[:8] for op in sorted(self._transforms)}


def _digest(known: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(known, sort_keys=True, default=str).encode()).hexdigest()


def parameters(transform: type[Transform]) -> dict[str, Any]:
    """The JSON Schema of an op's arguments, without the step's own words (`op`, `from`, `save`)."""
    schema = transform.model_json_schema(by_alias=True)
    for part in (schema, *schema.get("properties", {}).values()):
        part.pop("title", None)
    schema.pop("description", None)  # the summary says it
    return schema


def load_catalogue(modules: Sequence[str] = ()) -> Catalogue:
    """The builtin ops and those of the user's modules.

    Raises CatalogueError where a module fails to import, has no `@transform` function, or takes a name that is taken.
    """
    known = dict(BUILTIN)
    owners = dict.fromkeys(known, "framequeue")
    for name in modules:
        for op, transform in _of_module(name).items():
            if owners.get(op, name) != name:
                raise CatalogueError(f"transforms module {name!r}: the op name {op!r} is taken by {owners[op]}")
            known[op], owners[op] = transform, name
    return Catalogue(known)


def _of_module(name: str) -> dict[str, type[Transform]]:
    module = _imported(name)
    found: dict[str, type[Transform]] = {}
    declared = {id(noted.function): noted for thing in vars(module).values() if (noted := declaration(thing))}
    if not declared:
        raise CatalogueError(f"transforms module {name!r} has no function marked with @transform")
    for noted in declared.values():
        if noted.op in found:
            raise CatalogueError(f"transforms module {name!r} has two functions for the op {noted.op!r}")
        try:
            found[noted.op] = model_of(noted)
        except Exception as error:
            raise CatalogueError(f"transforms module {name!r}: @transform {noted.op}: {_one_line(error)}") from error
    return found


def _imported(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except (Exception, SystemExit) as error:
        away = isinstance(error, ModuleNotFoundError) and error.name == name
        hint = "; PYTHONPATH names the folder that it is in" if away else ""
        raise CatalogueError(f"transforms module {name!r} fails to import: {_one_line(error)}{hint}") from error


def _one_line(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
