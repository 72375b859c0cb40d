"""The supervisor's rounds: start the worker, listen to it, answer for it, and start the next when it is gone."""

import asyncio
import logging
import os
import resource
import signal
import sys
import time

from jobs import metrics
from jobs.errors import StoreError
from jobs.store.connection import connect
from jobs.store.jobs import JobStore
from jobs.store.losses import Loss, lose
from jobs.store.metrics import add
from jobs.store.redis import end
from jobs.supervisor.account import Account
from jobs.supervisor.answers import answer_overdue
from jobs.supervisor.backoff import FIRST_PAUSE_S, WRONG_SETTING, Backoff, again, how_it_ended
from jobs.supervisor.child import WorkerProcess
from jobs.supervisor.orders import Orders
from jobs.supervisor.reserve import Reserve

logger = logging.getLogger(__name__)
_DRAIN_GRACE_S = 5.0
_HURRY_S = 3.0
_NOTHING_TO_DRAIN_S = 1.0
_LAST_WRITES_S = 2.0
_DEATHS_BEFORE_READY = 3
_RSS_UNIT = 1 if sys.platform == "darwin" else 1024


class Supervisor:
    """Keeps one worker process running until it is asked to stop; `run` returns the exit code."""

    def __init__(self, orders: Orders) -> None:
        self._orders = orders
        self._store = JobStore(connect(orders.redis_options), orders.redis["queue"], orders)
        self._lease_ms = round(orders.lease_s * 1000)
        self._tick_s = min(0.2, orders.lease_s / 20)
        self._children: dict[int, WorkerProcess] = {}
        self._departed: list[WorkerProcess] = []
        self._renewing: dict[int, asyncio.Task[None]] = {}
        self._backoff = Backoff()
        self._reserve = Reserve(wanted=orders.standby)
        self._start_at: float | None = 0.0
        self._was_ready = self._stopping = False
        self._code = 0
        self._something = asyncio.Event()

    async def run(self) -> int:
        """Until a signal has ended the worker, or its settings are refused."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, self._asked)
        loop.add_signal_handler(signal.SIGCHLD, self._something.set)
        while self._children or not self._stopping:
            self._something.clear()
            try:
                self._round(time.monotonic())
            except Exception:
                logger.exception("a round of the supervisor failed; it goes on")
            try:
                await asyncio.wait_for(self._something.wait(), self._tick_s)
            except TimeoutError:
                continue
        await self._close()
        return self._code

    def _round(self, now: float) -> None:
        self._reap()
        for child in list(self._children.values()):
            self._look_after(child, now)
        if not self._stopping and self._start_at is not None and now >= self._start_at:
            self._start()
        if not self._stopping and self._reserve.is_due(now, up=any(map(_is_up, self._children.values()))):
            self._stand_by(now)

    def _start(self) -> None:
        self._start_at = None
        if (ready := self._reserve.wake()) is not None:
            logger.debug("worker process %d stood by, and takes over", ready.pid)
            return
        self._reserve.later()
        try:
            child = self._spawn()
        except (OSError, MemoryError) as error:  # no memory, or too many processes or files
            self._start_at = time.monotonic() + max(FIRST_PAUSE_S, self._backoff.died(0))
            logger.warning("the worker process cannot be started: %s; trying again", error)
            return
        logger.debug("worker process %d started", child.pid)

    def _stand_by(self, now: float) -> None:
        try:
            self._reserve.started(self._spawn(waits=True))
        except OSError as error:
            self._reserve.not_started(now, error)

    def _spawn(self, *, waits: bool = False) -> WorkerProcess:
        child = WorkerProcess(self._orders.module, self._orders.lease_s, waits=waits)
        self._children[child.pid] = child
        asyncio.get_running_loop().add_reader(child.fd, self._read, child)
        return child

    @staticmethod
    def _read(child: WorkerProcess) -> None:
        if not child.receive():  # its end is closed: this would be called for ever
            asyncio.get_running_loop().remove_reader(child.fd)

    def _asked(self) -> None:
        """A signal from outside: drain; a second one: hurry."""
        hurry, self._stopping = self._stopping, True
        grace_s = _HURRY_S if hurry else self._orders.drain_s + _DRAIN_GRACE_S
        for child in self._children.values():
            if hurry or not child.leaving:
                child.leave("stopped", time.monotonic() + (_NOTHING_TO_DRAIN_S if child.waits else grace_s))
        self._something.set()

    def _look_after(self, child: WorkerProcess, now: float) -> None:
        child.receive()
        account = child.account
        self._was_ready = self._was_ready or account.hello is not None
        for held in account.overdue(now):
            answer_overdue(self._store, child, held)
        if account.wants_successor and not child.leaving:
            logger.warning("worker process %d asks for a successor: %s", child.pid, account.wants_successor)
            child.leave("retired", now + self._orders.drain_s + _DRAIN_GRACE_S)
            self._start_at = now
        reason = "it did not end in time" if now > child.kill_at else "" if child.waits else account.hangs(now)
        if reason:
            logger.warning("worker process %d is killed: %s", child.pid, reason)
            if not child.leaving:
                self._start_at = now
            child.kill(reason)
        elif account.needs_renewal(now):
            self._renew_for(child)

    def _renew_for(self, child: WorkerProcess) -> None:
        """Keep the leases of a worker that does not: its interpreter is held, or its event loop hangs."""
        if child.account.hello is not None and child.pid not in self._renewing:
            logger.debug("renewing for worker process %d", child.pid)
            task = asyncio.create_task(self._renew(child.account, child.account.hello.info))
            self._renewing[child.pid] = task
            task.add_done_callback(lambda _: self._renewing.pop(child.pid, None))

    async def _renew(self, account: Account, info: str) -> None:
        held = [(one.id, one.token) for one in account.held.values()]
        began = time.monotonic()
        try:
            await self._store.renew(info, self._lease_ms, held)
        except StoreError as error:
            logger.debug("leases not renewed: %s", error)
            return
        account.renewed(began)

    def _reap(self) -> None:
        """Take in whatever ended: as process 1 of a container, also what others left behind."""
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            child = self._children.pop(pid, None)
            if child is not None:
                self._ended(child, os.waitstatus_to_exitcode(status), usage)

    def _ended(self, child: WorkerProcess, code: int, usage: resource.struct_rusage) -> None:
        asyncio.get_running_loop().remove_reader(child.fd)
        child.gone(code)
        if child.waits:
            self._reserve.ended(child, code, time.monotonic())
            return
        self._was_ready = self._was_ready or child.account.hello is not None
        self._give_back(child, code, usage.ru_maxrss * _RSS_UNIT)
        if self._stopping or child.leaving:
            return
        # once it is up, a job may end it with any code
        if code == WRONG_SETTING and child.account.hello is None:
            self._stop_with(code)
            return
        now = time.monotonic()
        pause_s = self._backoff.died(now - child.started)
        if self._backoff.deaths >= _DEATHS_BEFORE_READY and not self._was_ready:
            logger.error("the worker process keeps ending at its start; see its lines above")
            self._stop_with(1)
            return
        logger.warning("the worker process %s; %s", how_it_ended(code), again(pause_s))
        self._start_at = now + pause_s
        if pause_s and self._was_ready:
            self._reserve.hurry(now)

    def _stop_with(self, code: int) -> None:
        self._code = code
        self._asked()

    def _give_back(self, child: WorkerProcess, code: int, peak_bytes: int) -> None:
        """What it held goes back to the queue at once; nobody loses a try where it was told to end."""
        account = child.account
        if account.hello is None:
            return
        count = len(account.held)
        loss = Loss(
            worker_id=account.hello.worker_id,
            evidence=f"the worker process {how_it_ended(code)}; its peak memory was {peak_bytes >> 20} MiB; "
            f"it held {count} job{'' if count == 1 else 's'}",
            peak_memory_bytes=peak_bytes,
            held=tuple(one.id for one in account.held.values()),
            refund=bool(child.leaving),
        )
        died = not child.leaving or code == -signal.SIGKILL
        child.ledger.write(lambda: self._give(loss, died=died), "giving jobs back")
        self._departed = [one for one in self._departed if not one.ledger.idle] + [child]

    async def _give(self, loss: Loss, *, died: bool) -> None:
        count = await lose(self._store.redis, self._store.queue, loss, self._lease_ms)
        if died:
            lost = 0 if loss.refund else count
            await add(self._store.redis, {metrics.WORKERS_LOST.name: 1, metrics.ATTEMPTS_LOST.name: lost})
        if count:
            why = "" if loss.refund else f": {loss.evidence}"
            logger.warning("%d job%s given back to the queue%s", count, "" if count == 1 else "s", why)

    async def _close(self) -> None:
        ends = time.monotonic() + _LAST_WRITES_S
        for child in self._departed:
            if not await child.ledger.settled(max(0.0, ends - time.monotonic())):
                logger.warning("Redis does not answer; jobs of worker process %d wait for their leases", child.pid)
        for task in list(self._renewing.values()):
            await end(task)
        await self._store.redis.aclose(close_connection_pool=True)


def _is_up(child: WorkerProcess) -> bool:
    return child.account.hello is not None and not child.leaving
