"""`framequeue webhooks secret`."""

import json

from jobs.webhooks.signing import new_secret
from service.cli.render import line


def secret(tenant: str) -> None:
    """Print a new secret and the setting that uses it."""
    made = new_secret()
    line(f"secret  {made}")
    line(f"set     FRAMEQUEUE_WEBHOOKS__SECRETS='{json.dumps({tenant: [made]})}'  (for the API and the worker)")
