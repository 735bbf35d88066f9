"""The worker: the one place where client, sandbox, store, resource types, workflows and activities come together.

Run by ``firebrick worker`` or ``python -m worker``. SIGTERM and SIGINT drain: no new work, running calls end, exit 0.
"""

import argparse
import asyncio
import contextlib
import hashlib
import json
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
from temporalio.client import Client
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.worker import Worker, WorkerDeploymentConfig

import firebrick
import workflows
from activities import activities_in, activities_of
from activities.handlers import SLOTS, HandlerRunner
from activities.reconciling import ReconcileActivities
from activities.world import World
from firebrick import collector
from firebrick.contract import TASK_QUEUE, WINDOW
from firebrick.diagnostics import Diagnostic, FirebrickError, InvalidInput, Unavailable
from firebrick.resources.registry import Registry
from firebrick.store import Keyring, Store
from starter import health, logs, sdk_runtime, tracing
from starter.builds import Builds, deployment_of
from starter.cluster import Target, connect
from starter.health import Health
from starter.monitor_address import MonitorAddress
from starter.payload_walks import leave_out_idle
from starter.reconcile_schedule import INTERVAL, Schedule
from starter.reconciler import Reconciler
from starter.search_attributes import SearchAttributes
from starter.starting import Starter
from starter.state_folder import owners_only
from workflows.runner import RUNNER, WORKFLOWS, patient

if TYPE_CHECKING:
    from starter.monitor import Monitor

log = structlog.get_logger("firebrick.worker")

DRAIN = timedelta(seconds=15)
READY_WITHIN = 60.0  # seconds
LARGEST_WINDOW = 400  # with the parked ones below the 2,000 activities that a run may wait for
# How long a thread waits for the interpreter's lock before it asks for it, in seconds. The store's writer has to after
# each answer of the database, and with Python's 5 ms it waits longer for the lock than for the database: 1,000
# resources take a twentieth more time.
SWITCH = 0.001


@dataclass(frozen=True, slots=True)
class Settings:
    """What a worker needs to know. promote: make this build the one that new operations run on. window: steps of one
    operation that run at once, see contract.WINDOW."""

    address: str = ""
    namespace: str = ""
    profile: str = ""
    database: str = ""
    keyring: str = ""
    payload_keyring: str = ""
    task_queue: str = TASK_QUEUE
    ready_file: str = ""
    promote: bool = True
    minute: float = 60.0
    reconcile_every: float = INTERVAL
    window: int = WINDOW
    metrics: MonitorAddress | None = None


def build_id() -> str:
    """A hash of all code that a history is replayed with: it changes when that changes, and only then."""
    library, flows = Path(firebrick.__file__).parent, Path(workflows.__file__).parent
    pure = [library / f"{name}.py" for name in ("contract", "graph", "plan")]
    digest = hashlib.sha256()
    for path in sorted([*flows.glob("*.py"), *library.glob("traversal/*.py"), *pure]):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:16]


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Work until `stop`; then drain. Raises FirebrickError when the cluster or the database does not answer."""
    _check_keyrings(settings)
    async with contextlib.AsyncExitStack() as cleanup:
        monitor = _monitor(settings.metrics)
        if monitor is not None:
            cleanup.callback(monitor.close)
        traces = tracing.start("firebrick-worker")
        if traces is not None:
            cleanup.callback(traces.close)
        target = Target(settings.address, settings.namespace, settings.profile, settings.payload_keyring)
        client = await connect(target, traces.interceptors if traces else ())
        store = await Store.open(settings.database, Keyring.from_file(Path(settings.keyring)))
        cleanup.push_async_callback(store.close)
        registry = Registry.default()
        for fault in registry.faults:
            log.warning("a package of resource types is broken", fault=str(fault))
        collector.relax()
        sys.setswitchinterval(SWITCH)
        handlers = HandlerRunner()
        cleanup.callback(handlers.close)
        attributes = SearchAttributes(lambda: client)
        await attributes.present()  # it says so once where they are missing
        starter = Starter(
            store,
            registry,
            lambda: client,
            minute=settings.minute,
            search_attributes=attributes.present,
            task_queue=settings.task_queue,
        )
        world = World(
            store=store,
            registry=registry,
            handlers=handlers,
            cluster=starter.cluster,
            clock=store.clock,
            minute=settings.minute,
            payload_codec=bool(settings.payload_keyring),
            search_attributes=attributes.present,
            window=settings.window,
        )
        builds = Builds(client, settings.task_queue, build_id(), promotes=settings.promote)
        schedule = Schedule(client, settings.task_queue, settings.reconcile_every)
        reconciler = Reconciler(store, client, starter, builds, schedule, attributes)
        worker = make_worker(client, world, settings.task_queue, others=[ReconcileActivities(reconciler.once)])
        able = Health(
            {
                "database": health.database(store),
                "temporal": health.temporal(client),
                "polling": health.polling(worker, stop),
            }
        )
        if monitor is not None:  # before the worker, so that it is there as long as calls are to end
            monitor.tell_build(build_id())
            await cleanup.enter_async_context(monitor.serving(able))
        await cleanup.enter_async_context(worker)
        await builds.promote()
        reconciling = asyncio.create_task(reconciler.run())
        cleanup.callback(reconciling.cancel)
        await _ready(able)
        _tell(settings, "" if monitor is None else f"http://{monitor.address}/metrics")
        await stop.wait()
        log.info("draining")


def _monitor(address: MonitorAddress | None) -> "Monitor | None":
    """What shows metrics; an HTTP server is loaded only where somebody wants to see them."""
    if address is None:
        sdk_runtime.start()
        return None
    from starter.monitor import Monitor

    return Monitor(address)


def make_worker(
    client: Client, world: World, task_queue: str = TASK_QUEUE, *, others: Sequence[object] = (), versioned: bool = True
) -> Worker:
    """A worker with the measured settings (docs/architecture.md, section 8). others: objects that have activities
    beside the world's. versioned: False for servers that know no worker deployments (the time-skipping one)."""
    leave_out_idle()
    return Worker(
        client,
        task_queue=task_queue,
        workflows=WORKFLOWS,
        activities=[*activities_of(world), *(one for other in others for one in activities_in(other))],
        workflow_runner=patient(RUNNER, world.recent.wait),
        max_concurrent_activities=SLOTS,
        max_workflow_task_external_storage_concurrency=1,  # there is none; more would mean a task for each payload
        max_eager_activity_reservations_per_workflow_task=100,
        max_heartbeat_throttle_interval=timedelta(milliseconds=500),
        default_heartbeat_throttle_interval=timedelta(milliseconds=500),
        sticky_queue_schedule_to_start_timeout=timedelta(seconds=5),
        graceful_shutdown_timeout=DRAIN,
        deployment_config=WorkerDeploymentConfig(
            version=WorkerDeploymentVersion(deployment_of(task_queue), build_id()),
            use_worker_versioning=True,
            default_versioning_behavior=VersioningBehavior.PINNED,
        )
        if versioned
        else None,
    )


def _check_keyrings(settings: Settings) -> None:
    """A worker makes no keyring: with its own key it would seal what the others cannot read, and not read theirs."""
    made_by_server = "A server makes one when it first starts, in its state folder; give its workers a copy."
    given = "Give it the file that the server has as --payload-keyring; the server makes it when it is missing."
    for file, kind, detail in (
        (settings.keyring, "keyring", made_by_server),
        (settings.payload_keyring, "payload keyring", given),
    ):
        if file and not Path(file).exists():
            raise InvalidInput(Diagnostic(code="keyring-missing", summary=f"there is no {kind} {file}", detail=detail))


async def _ready(able: Health) -> None:
    """Until all checks of /ready pass. Unavailable, saying which do not, when that takes too long."""
    missing = {name: why for name, why in (await able.wait(READY_WITHIN)).items() if why}
    if missing:
        summary = "; ".join(f"{name}: {why}" for name, why in missing.items())
        raise Unavailable(Diagnostic(code="not-ready", summary=f"the worker does not become ready: {summary}"))


def _tell(settings: Settings, metrics_url: str) -> None:
    log.info("ready", build=build_id(), task_queue=settings.task_queue)
    if settings.ready_file:
        path = Path(settings.ready_file)
        temporary = path.with_suffix(".new")
        with open(temporary, "w", encoding="ascii", opener=owners_only) as stream:
            json.dump({"pid": os.getpid(), "build": build_id(), "metrics_url": metrics_url}, stream)
        temporary.replace(path)


def _window(text: str) -> int:
    if not (text.isdecimal() and 1 <= int(text) <= LARGEST_WINDOW):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no number from 1 to {LARGEST_WINDOW} (or $FIREBRICK_WINDOW is not)"
        )
    return int(text)


def _settings(arguments: Sequence[str] | None) -> Settings:
    """From the command line, each with an environment variable behind it."""
    env = os.environ
    parser = argparse.ArgumentParser(
        prog="firebrick worker",
        description="Carries out stack actions, until SIGTERM or ctrl-C: then it ends the calls it is inside of.",
        epilog="What is not given comes from the environment: FIREBRICK_ADDRESS, _NAMESPACE, _PROFILE, _DATABASE, "
        "_KEYRING, _PAYLOAD_KEYRING, _WINDOW and _METRICS_ADDRESS, and TEMPORAL_*.",
    )
    parser.add_argument("--address", default=env.get("FIREBRICK_ADDRESS", ""), help="Temporal's HOST:PORT")
    parser.add_argument("--namespace", default=env.get("FIREBRICK_NAMESPACE", ""), help="of Temporal; default: default")
    parser.add_argument("--profile", default=env.get("FIREBRICK_PROFILE", ""), help="of Temporal's configuration file")
    parser.add_argument(
        "--database",
        default=env.get("FIREBRICK_DATABASE"),
        required="FIREBRICK_DATABASE" not in env,
        metavar="URL",
        help="the servers' store",
    )
    parser.add_argument(
        "--keyring",
        default=env.get("FIREBRICK_KEYRING"),
        required="FIREBRICK_KEYRING" not in env,
        metavar="FILE",
        help="the server's keyring, or a copy of it",
    )
    parser.add_argument(
        "--payload-keyring",
        default=env.get("FIREBRICK_PAYLOAD_KEYRING", ""),
        metavar="FILE",
        help="encrypt what Temporal stores with the keys of this file",
    )
    parser.add_argument("--task-queue", default=TASK_QUEUE, help="that it polls; default: %(default)s")
    parser.add_argument(
        "--window",
        type=_window,
        default=env.get("FIREBRICK_WINDOW") or str(WINDOW),
        metavar="STEPS",
        help="of one stack that run at once; more than half of the cluster's history.maximumBufferedEventsBatch makes "
        "workflow tasks fail; default: %(default)s",
    )
    parser.add_argument("--ready-file", default="", help="written once the worker works")
    parser.add_argument("--no-promote", action="store_true", help="new operations stay on the current build")
    parser.add_argument(
        "--metrics-address",
        default=env.get("FIREBRICK_METRICS_ADDRESS", ""),
        metavar="HOST:PORT",
        help="show /metrics, /live and /ready here; off by default; :9464 is loopback",
    )
    given = parser.parse_args(arguments)
    return Settings(
        address=given.address,
        namespace=given.namespace,
        profile=given.profile,
        database=given.database,
        keyring=given.keyring,
        payload_keyring=given.payload_keyring,
        task_queue=given.task_queue,
        ready_file=given.ready_file,
        promote=not given.no_promote,
        window=given.window,
        metrics=MonitorAddress.parse(given.metrics_address) if given.metrics_address else None,
        minute=float(env.get("FIREBRICK_TIMEOUT_UNIT_SECONDS", "60")),
        reconcile_every=float(env.get("FIREBRICK_RECONCILE_SECONDS", INTERVAL)),
    )


async def _main(settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await run(settings, stop)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Exit code 1 with a message when something it needs does not answer."""
    try:
        logs.configure()
        settings = _settings(arguments)
        asyncio.run(_main(settings))
    except FirebrickError as error:
        print(f"firebrick worker: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # Not sys.exit: threads of Temporal's core that outlive the interpreter may abort the process while it ends.
    os._exit(code)
