"""What became of a job's webhook."""

from typing import Final

from service.operations import json_answer, operation
from service.routes.docs.common import JOB_ID

GET_DELIVERIES: Final = operation(
    "Show the tries to tell a job's webhook",
    {200: json_answer("DeliveriesBody", "Every try, oldest first; up to 100, the newest.", "Deliveries")},
    scope="jobs:read",
    parameters=(JOB_ID,),
    problems=(404, 503),
    description=(
        "A try that failed says when the next follows. Numbers in `attempt` go up by one; one that is left out is a "
        "try whose worker died in it."
    ),
)
