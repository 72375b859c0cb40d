"""The Lua scripts, each a file of `lua/` with a stub here; a stub that differs from its file's header stops the import.

Every script is atomic, and may be sent again after a lost reply: the answer is then the one that was lost
(but what a lost claim of deliveries took waits for the end of its lease).
"""

import hashlib
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import NoScriptError

from jobs.errors import StoreUnavailable

Argument = str | bytes | int | float


class HeaderMismatchError(ImportError):
    """A Lua file's header does not name what its stub passes."""


def _read(name: str) -> str:
    return files("jobs.store.lua").joinpath(name).read_text("utf-8")


def _header(text: str) -> dict[str, list[str]]:
    """The words after each `-- name:` of a Lua file's head."""
    lines = (
        line[3:].split(":", 1) for line in text.splitlines() if line.startswith(("-- with:", "-- KEYS:", "-- ARGV:"))
    )
    return {name: words.split() for name, words in lines}


class Script:
    """One Lua file, behind the parts that its header names under `with`.

    `keys` and `args` name what is passed, in order; a last name with `...` takes any number.
    """

    def __init__(self, name: str, *, keys: str, args: str) -> None:
        self.name = name
        self.keys, self.args = keys.split(), args.split()
        own = _read(f"{name}.lua")
        parts = [_read(f"parts/{part}.lua") for part in _header(own).pop("with", [])]
        self._text = "\n".join([*parts, own]).encode()
        self._sha = hashlib.sha1(self._text, usedforsecurity=False).hexdigest()
        self._check_header(own)

    def _check_header(self, text: str) -> None:
        header = {name: values for name, values in _header(text).items() if name in {"KEYS", "ARGV"}}
        if header != {"KEYS": self.keys, "ARGV": self.args}:
            raise HeaderMismatchError(f"{self.name}.lua says {header}, its stub {self.keys} and {self.args}")

    def command(self, keys: Sequence[str], args: Sequence[Argument], *, whole: bool = False) -> tuple[Any, ...]:
        """The Redis command of one call: EVALSHA, or EVAL with the whole text."""
        self._check_count(self.keys, keys)
        self._check_count(self.args, args)
        return ("EVAL" if whole else "EVALSHA", self._text if whole else self._sha, len(keys), *keys, *args)

    @staticmethod
    def _check_count(names: list[str], values: Sequence[object]) -> None:
        open_ended = bool(names) and names[-1].endswith("...")
        fixed = len(names) - open_ended
        if len(values) < fixed or (len(values) > fixed and not open_ended):
            raise TypeError(f"{len(values)} values for {names}")

    async def __call__(self, redis: Redis, keys: Sequence[str], args: Sequence[Argument]) -> Any:
        """Run it; where Redis has forgotten the script (restart, SCRIPT FLUSH), send it whole."""
        try:
            return await redis.execute_command(*self.command(keys, args))  # type: ignore[no-untyped-call]  # redis-py leaves it bare
        except NoScriptError:
            return await redis.execute_command(*self.command(keys, args, whole=True))  # type: ignore[no-untyped-call]  # same

    async def when_woken(
        self, redis: Redis, flag: str, wait_s: float, keys: Sequence[str], args: Sequence[Argument]
    ) -> Any:
        """Run it once the flag (a list) is raised, at the latest after `wait_s`.

        Both go to Redis at once: it runs the script when the flag lets it go on, without a round trip between them.
        """
        pipe = redis.pipeline(transaction=False)
        pipe.execute_command("BLPOP", flag, wait_s)
        pipe.execute_command(*self.command(keys, args))
        woken, answer = await pipe.execute(raise_on_error=False)
        if isinstance(answer, NoScriptError):
            return await redis.execute_command(*self.command(keys, args, whole=True))  # type: ignore[no-untyped-call]  # same
        for error in (woken, answer):
            if isinstance(error, Exception):
                raise error
        return answer

    async def durably(self, redis: Redis, keys: Sequence[str], args: Sequence[Argument], timeout_ms: int) -> Any:
        """Run it, and wait until what it wrote has reached Redis' disk; raises StoreUnavailable where it has not.

        One pipeline, since WAITAOF waits for the writes of its own connection (Redis 7.2 or Valkey, append-only).
        """
        for whole in (False, True):
            async with redis.pipeline(transaction=False) as pipe:
                pipe.execute_command(*self.command(keys, args, whole=whole))
                pipe.execute_command("WAITAOF", 1, 0, timeout_ms)
                answer, synced = await pipe.execute(raise_on_error=False)
            if not isinstance(answer, NoScriptError):
                break
        if isinstance(answer, Exception):
            raise answer
        check_synced(synced)
        return answer


def check_synced(synced: Any) -> None:
    """Raise StoreUnavailable where WAITAOF's answer is not that Redis' own disk has it."""
    if isinstance(synced, Exception) or synced[0] < 1:
        raise StoreUnavailable(f"the job was stored, and durability=fsync could not be kept: WAITAOF says {synced}")


submit = Script(
    "submit",
    keys="queue wake jobs live group idem stored",
    args="queue_limit job_prefix blob_prefix frame_prefix arq_job_prefix channel tenant call fingerprint idem_ttl_ms"
    " dependents_limit live_quota stored_quota count job...",
)
claim = Script(
    "claim",
    keys="queue wake claimed factors metrics",
    args="slots lease_ms token job_prefix lease_prefix channel busy suspects memory_free memory_total patience_ms arq"
    " lost before_ms",
)
cancel = Script(
    "cancel",
    keys="job inputs result reports events arq_job lease retry queue logs",
    args="id outcome result_ttl_ms record_ttl_ms blob_prefix channel cancels",
)
learn = Script("learn", keys="factors", args="ttl_ms kind_factor...")
renew = Script("renew", keys="queue workers", args="lease_ms job_prefix lease_prefix worker id_token...")
finish = Script(
    "finish",
    keys="job inputs result reports events arq_job lease retry queue logs",
    args="id token state outcome report result result_blobs result_ttl_ms record_ttl_ms blob_prefix channel product"
    " stored",
)
release = Script("release", keys="job reports events lease queue wake", args="id token delay_ms refund report channel")
lose = Script(
    "lose",
    keys="queue wake",
    args="prefix refund lease_ms from skip page report evidence job_prefix lease_prefix retry_prefix channel id...",
)
progress = Script("progress", keys="job events", args="id token progress channel")
finish_calls = Script(
    "finish_calls", keys="queue wake abort", args="job_prefix lease_prefix retry_prefix result_prefix end..."
)
list_jobs = Script(
    "list",
    keys="index",
    args="job_prefix before_ms before_id after_ms look most most_bytes state fields label_value...",
)
remove = Script("remove", keys="job arq_job lease retry queue index...", args="id parts blob_prefix result_blobs")
log = Script("log", keys="job logs", args="token batch dropped most_records most_bytes record...")
enqueue = Script("enqueue", keys="arq_job arq_result queue wake", args="id arq_job score expires_ms")
claim_deliveries = Script("claim_deliveries", keys="deliveries", args="most lease_ms job_prefix")
end_delivery = Script("end_delivery", keys="deliveries job tries", args="entry lease try due_ms most")
add_frame = Script(
    "add_frame",
    keys="frame idem stored",
    args="id record ttl_ms blob_prefix frame_prefix fingerprint idem_ttl_ms stored_quota bytes blob...",
)
delete_frame = Script("delete_frame", keys="frame stored", args="id blob_prefix blob...")
count = Script(
    "count",
    keys="metrics report catalogue",
    args="batch metrics_ttl_ms report_ttl_ms idle_ms report ops field_value...",
)
look = Script("look", keys="queue workers", args="report_prefix")
take = Script("take", keys="requests", args="interval_us burst")
trim = Script("trim", keys="index", args="job_prefix id...")
sweep = Script(
    "sweep",
    keys="queue wake workers found",
    args="grace_ms before_ms job_prefix blob_prefix lease_prefix arq_job_prefix kind_name...",
)
