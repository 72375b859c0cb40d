"""What a renderer knows of its step: the arguments as they were written, with the op's own defaults behind them."""

from collections.abc import Mapping
from typing import Any

from jobs.expressions import Expression, parse
from jobs.transforms.base import Transform


class Arguments:
    """A step's arguments by pandas' names."""

    def __init__(self, written: Mapping[str, Any], transform: Transform) -> None:
        self.op = transform.op
        self._transform = transform
        self.written: dict[str, Any] = {}
        arguments = {name: value for name, value in written.items() if name not in ("op", "from", "save")}
        for name, value in arguments.items():
            # a null that is the default says nothing, and is not what pandas' own default always is
            if value is not None or self.get(name, default=self) is not None:
                self.written[name] = value

    def __contains__(self, name: str) -> bool:
        return name in self.written

    def get(self, name: str, default: Any = None) -> Any:
        """The value that was written, else the op's default, else `default`."""
        if name in self.written:
            return self.written[name]
        for field_name, field in type(self._transform).model_fields.items():
            if (field.alias or field_name) == name and not field.is_required():
                return field.get_default(call_default_factory=True)
        return default

    def given(self, *names: str) -> dict[str, Any]:
        """Those that were written: of these names, or all."""
        return {name: self.written[name] for name in names or self.written if name in self.written}

    def others(self, *names: str) -> dict[str, Any]:
        """Those that were written but for these."""
        return {name: value for name, value in self.written.items() if name not in names}

    def listed(self, name: str) -> list[Any]:
        """The value as a list: of one, where it is none itself; empty where there is none."""
        value = self.get(name)
        return [] if value is None else list(value) if isinstance(value, (list, tuple)) else [value]

    def checked(self, name: str) -> Any:
        """The value as the op has it, read and checked."""
        return dict(self._transform)[name]

    def expression(self, name: str) -> Expression:
        """The expression that was written there."""
        return parsed(self.written[name])


def parsed(text: str) -> Expression:
    """The expression of a text that was checked when the step was read."""
    return parse(text)
