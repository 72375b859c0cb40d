"""The catalogue."""

from typing import Final

from service.operations import json_answer, operation, path_parameter
from service.routes.docs.common import NOT_MODIFIED

LIST_TRANSFORMS: Final = operation(
    "List the transforms",
    {200: json_answer("CatalogueBody", "Every op.", "Transforms"), 304: NOT_MODIFIED},
    scope="jobs:read",
)
GET_TRANSFORM: Final = operation(
    "Show a transform",
    {200: json_answer("TransformBody", "The op.", "Transform"), 304: NOT_MODIFIED},
    scope="jobs:read",
    parameters=(path_parameter("op", "The op's name.", "head"),),
    problems=(404,),
)
