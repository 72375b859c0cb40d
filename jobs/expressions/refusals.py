"""What is refused, and what to write instead where that is known."""

import ast
from collections.abc import Mapping

NODE_HINTS: Mapping[type[ast.expr], str] = {
    ast.Lambda: "lambda is not part of an expression; write the expression itself, it runs on whole columns",
    ast.ListComp: "comprehensions are not part of an expression; operators and methods run on whole columns",
    ast.SetComp: "comprehensions are not part of an expression; operators and methods run on whole columns",
    ast.DictComp: "comprehensions are not part of an expression; operators and methods run on whole columns",
    ast.GeneratorExp: "comprehensions are not part of an expression; operators and methods run on whole columns",
    ast.JoinedStr: "f-strings are not part of an expression; join texts with +",
    ast.FormattedValue: "f-strings are not part of an expression; join texts with +",
    ast.NamedExpr: "':=' is not part of an expression; use an assign step",
    ast.Starred: "'*' before a value is not part of an expression; write the values",
    ast.Await: "await is not part of an expression",
    ast.Yield: "yield is not part of an expression",
    ast.YieldFrom: "yield is not part of an expression",
    ast.Dict: "dicts are not part of an expression; replace and map have steps of their own",
    ast.Set: "sets are not part of an expression; a list is [a, b]",
    ast.Slice: "slices stand behind .str only, as in name.str[:2]",
}
METHOD_HINTS: Mapping[str, str] = {
    "apply": "a Python function cannot be applied; write its expression, or use a transform of your own",
    "map": "map has a step of its own; in an expression write where(…) or replace",
    "query": "write the condition itself",
    "eval": "write the expression itself",
    "pipe": "write the expression itself",
    "values": "write the column's name alone",
    "tolist": "write the column's name alone",
    "to_list": "write the column's name alone",
    "item": "write the reduction alone; it is one value",
    "size": "count() counts what is not null",
    "len": "x.str.len() is the length of a text, x.count() the number of values",
    "apply_": "",
}
FUNCTION_HINTS: Mapping[str, str] = {
    "len": "x.str.len() is the length of a text, x.count() the number of values",
    "sum": "write x.sum(), or a + b",
    "min": "write x.min() for the column, minimum(a, b) row by row",
    "max": "write x.max() for the column, maximum(a, b) row by row",
    "mean": "write x.mean()",
    "any": "write cond.any()",
    "all": "write cond.all()",
    "lower": "write x.str.lower()",
    "upper": "write x.str.upper()",
    "datetime": "write date('2024-01-31')",
    "to_datetime": "write x.astype('datetime64[us]'), or use a to_datetime step",
    "if": "write a if condition else b",
    "iif": "write a if condition else b",
    "ifnull": "write coalesce(x, y)",
    "nvl": "write coalesce(x, y)",
    "concat": "join texts with +",
    "eval": "write the expression itself",
    "exec": "write the expression itself",
    "getattr": "write x.method()",
    "print": "an expression has a value only",
}
