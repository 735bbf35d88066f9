"""`firebrick server`: one command that runs everything, in the foreground, until it is told to stop.

This process answers HTTP and keeps two others alive: Temporal's dev server (unless a cluster is named) and a worker.
It becomes ready or says why not; it ends by SIGINT or SIGTERM, and then nothing of it is left but the databases and
logs in the state folder. Readiness is told on the terminal and, for programs, in server.json of the state folder.
"""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from firebrick import collector
from firebrick.contract import TASK_QUEUE
from firebrick.diagnostics import Diagnostic, InvalidInput, Unavailable
from firebrick.ports import LOOPBACK, free_ports
from firebrick.resources.registry import Registry
from firebrick.store import Keyring, Store
from firebrick.store.database_url import parse_url, shown_url
from starter import cluster, dev_server, health, logs, sdk_runtime, tracing
from starter.child_process import DIES_WITH_PARENT, Child
from starter.codec_endpoint import CODEC_PATH, CodecEndpoint
from starter.health import Health
from starter.http_front import serving
from starter.listening import LOOPBACKS, check_free, listen
from starter.monitor import Monitor, health_routes
from starter.monitor_address import MonitorAddress
from starter.payload_codec import EncryptingCodec
from starter.rest import create_app
from starter.search_attributes import SearchAttributes
from starter.starting import Starter
from starter.state_folder import StateFolder, write_json

if TYPE_CHECKING:
    from temporalio.client import Client

TEMPORAL_READY_WITHIN = 30.0  # seconds
WORKER_READY_WITHIN = 60.0
API_READY_WITHIN = 30.0
TEMPORAL_GRACE = 15.0
WORKER_GRACE = 20.0


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """What the command's options say. Ports: 0 takes a free one. database: "" is the file in the state folder.
    allowed_hosts: names it is asked by beside its own, as by a proxy.
    payload_keyring: "" leaves payloads readable. codec_origins, codec_token: see starter.codec_endpoint."""

    folder: StateFolder
    host: str = LOOPBACK
    allowed_hosts: tuple[str, ...] = ()
    port: int = 8004
    temporal_port: int = 7233
    ui_port: int = 8233
    database: str = ""
    address: str = ""
    namespace: str = ""
    profile: str = ""
    payload_keyring: str = ""
    codec_origins: tuple[str, ...] = ()
    codec_token: str = ""
    ready_file: Path | None = None
    metrics: MonitorAddress | None = None  # the worker's is the next port

    @property
    def own_temporal(self) -> bool:
        return not (self.address or self.profile)

    @property
    def database_url(self) -> str:
        return self.database or self.folder.database_url


class Server:
    """One run of the command. say: a line for people (standard error)."""

    def __init__(self, settings: ServerSettings, say: Callable[[str], None]) -> None:
        self._settings = settings
        self._say = say
        self._folder = settings.folder
        self._children: list[Child] = []
        self._told: dict[str, Any] = {}

    async def run(self) -> None:
        """Until the first SIGINT or SIGTERM; a second one kills the children instead of waiting for them."""
        loop = asyncio.get_running_loop()
        work = asyncio.current_task()
        assert work is not None
        asked = False

        def stop(which: signal.Signals) -> None:
            nonlocal asked
            if asked:
                for child in self._children:
                    child.kill()
                return
            asked = True
            self._say(f"{which.name}: stopping")
            work.cancel()

        for which in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(which, stop, which)
        try:
            await self._run()
        except asyncio.CancelledError:
            if not asked:
                raise

    async def _run(self) -> None:
        for complaint in self._folder.prepare():
            self._say(f"note: {complaint}")
        lock = self._folder.lock()
        async with contextlib.AsyncExitStack() as cleanup:
            cleanup.callback(lock.release)
            self._folder.forget_server()
            cleanup.callback(lambda: self._folder.forget_server() if lock.held else None)
            if self._settings.ready_file is not None:
                cleanup.callback(self._settings.ready_file.unlink, missing_ok=True)
            if not DIES_WITH_PARENT:
                self._say("note: on this system the worker and Temporal outlive this process if it is killed with -9")
            if self._settings.host not in LOOPBACKS:
                self._say(f"note: there is no authentication; whoever reaches {self._settings.host} may do everything")
            listener = listen(self._settings.host, self._settings.port, option="--port")
            cleanup.callback(listener.close)
            logs.configure(self._folder.log("http"))
            monitor = self._monitor(cleanup)
            traces = tracing.start("firebrick-api")
            if traces is not None:
                cleanup.callback(traces.close)
            keeping: list[asyncio.Task[None]] = []
            store = await self._open_store()
            cleanup.push_async_callback(store.close)
            target = await self._start_temporal(cleanup, keeping, listener.getsockname()[1])
            client = await cluster.connect(target, traces.interceptors if traces else ())
            await self._look_at_cluster(client)
            worker = await self._start_worker(cleanup, keeping, target, client.namespace)
            registry = Registry.default()
            for fault in registry.faults:
                self._say(f"note: {fault}")
            attributes = SearchAttributes(lambda: client)
            minute = float(os.environ.get("FIREBRICK_TIMEOUT_UNIT_SECONDS", "60"))  # as the worker's; for tests
            starter = Starter(store, registry, lambda: client, minute=minute, search_attributes=attributes.present)
            app = create_app(store, starter, registry, hosts=self._own_names(self._settings.allowed_hosts))
            able = Health(
                {
                    "database": health.database(store),
                    "temporal": health.temporal(client),
                    "state folder": health.state_folder(self._folder),
                },
                tells={"workers": health.workers(starter.workers)},
            )
            app.router.routes[:0] = health_routes(able)
            whole = self._with_codec(app, client.namespace)
            collector.relax()
            front = await cleanup.enter_async_context(serving(traces.around(whole) if traces else whole, listener))
            if monitor is not None:
                await cleanup.enter_async_context(monitor.serving(able))
            await self._until_ready(able)
            host, port = listener.getsockname()[:2]
            self._told |= {
                "api_url": f"http://{f'[{host}]' if ':' in host else host}:{port}",
                "namespace": client.namespace,
                "pid": os.getpid(),
                "state_dir": str(self._folder.path),
                "worker_pid": worker.pid,
            }
            self._note_worker()
            self._tell()
            self._print_ready()
            await asyncio.wait([front, *keeping], return_when=asyncio.FIRST_COMPLETED)
            for task in (front, *keeping):  # none ends by itself; if one did, its error is the reason
                if task.done():
                    self._result_of(task)

    def _result_of(self, task: "asyncio.Task[None]") -> None:
        try:
            task.result()
        except OSError:
            if missing := self._folder.missing():
                detail = "Put it back from a backup, or start a server on another; stop this one's workers first."
                raise Unavailable(Diagnostic(code="state-folder-gone", summary=missing, detail=detail)) from None
            raise

    def _monitor(self, cleanup: contextlib.AsyncExitStack) -> Monitor | None:
        """What shows metrics and health on an address of its own, if one was given."""
        if self._settings.metrics is None:
            sdk_runtime.start()
            return None
        monitor = Monitor(self._settings.metrics)
        cleanup.callback(monitor.close)
        monitor.tell_build("")
        self._told["metrics_url"] = f"http://{monitor.address}/metrics"
        return monitor

    async def _until_ready(self, able: Health) -> None:
        """What /ready says must be good before anybody is told that the server is ready."""
        missing = {name: why for name, why in (await able.wait(API_READY_WITHIN)).items() if why}
        if missing:
            summary = "; ".join(f"{name}: {why}" for name, why in missing.items())
            raise Unavailable(Diagnostic(code="not-ready", summary=f"the API does not become ready: {summary}"))

    async def _open_store(self) -> Store:
        try:
            return await Store.open(self._settings.database_url, Keyring.from_file(self._folder.keyring))
        except ModuleNotFoundError as error:  # the driver that the URL names
            raise InvalidInput(
                Diagnostic(
                    code="no-database-driver",
                    summary=f"the Python package {error.name}, which this kind of database needs, is not installed",
                    detail=f"Install {error.name}, or leave --database out to keep everything in the state folder.",
                )
            ) from None
        except Unavailable as error:
            url, _ = parse_url(self._settings.database_url)
            file = url.database if url.get_backend_name() == "sqlite" else None
            shown = file or shown_url(self._settings.database_url)
            raise Unavailable([replace(one, file=one.file or shown) for one in error.diagnostics]) from None

    def _own_names(self, allowed: Sequence[str]) -> Sequence[str]:
        """The names in requests that it answers; () for any: on an address that others reach, which names lead there
        is theirs to know, unless they are said."""
        host = self._settings.host
        return () if host not in LOOPBACKS and not allowed else (*LOOPBACKS, host.lower(), *allowed)

    def _with_codec(self, app: Any, namespace: str) -> Any:
        """The application, with the codec's endpoint for Temporal's UI where payloads are encrypted."""
        settings = self._settings
        if not settings.payload_keyring:
            return app
        ui = urlsplit(self._told.get("ui_url") or "")
        own = [f"http://{host}:{ui.port}" for host in (LOOPBACK, "localhost")] if ui.port else []
        return CodecEndpoint(
            app,
            EncryptingCodec(Keyring.from_file(settings.payload_keyring)),
            namespace=namespace,
            origins=[*own, *settings.codec_origins],
            token=settings.codec_token,
            # Through a proxy everybody is this machine: without a token that is no reason to decrypt for them.
            hosts=self._own_names(settings.allowed_hosts if settings.codec_token else ()),
        )

    async def _start_temporal(
        self, cleanup: contextlib.AsyncExitStack, keeping: list[asyncio.Task[None]], api_port: int
    ) -> cluster.Target:
        """Our own dev server, started and answering; or the cluster that the options name."""
        settings = self._settings
        if not settings.own_temporal:
            return cluster.Target(settings.address, settings.namespace, settings.profile, settings.payload_keyring)
        free = free_ports(2)
        port = settings.temporal_port or free[0]
        ui_port = settings.ui_port or free[1]
        check_free(port, option="--temporal-port")
        check_free(ui_port, option="--ui-port")
        namespace = settings.namespace or "default"
        codec = f"http://{LOOPBACK}:{api_port}{CODEC_PATH}" if settings.payload_keyring else ""
        line = dev_server.command(
            self._folder.temporal_database, port=port, ui_port=ui_port, namespace=namespace, codec_endpoint=codec
        )
        child = Child(
            "Temporal",
            line,
            log=self._folder.log("temporal"),
            umask=0o077,  # of the files of its database
            stop_signal=signal.SIGINT,
            grace=TEMPORAL_GRACE,
            say=self._say,
            on_restart=self._restarted,
        )
        self._say(f"starting Temporal on port {port}")
        await self._start(cleanup, child)
        target = cluster.Target(f"{LOOPBACK}:{port}", namespace, payload_keyring=settings.payload_keyring)

        async def answers() -> bool:
            try:
                await cluster.check_namespace(await cluster.connect(target))
            except (Unavailable, InvalidInput):
                return False
            return True

        await child.ready(answers, within=TEMPORAL_READY_WITHIN)
        self._keep(cleanup, keeping, child)
        self._told |= {"temporal_address": target.address, "ui_url": f"http://{LOOPBACK}:{ui_port}"}
        self._told["temporal_pid"] = child.pid
        return target

    async def _look_at_cluster(self, client: "Client") -> None:
        """One of somebody else's is checked and told about."""
        if self._settings.own_temporal:
            return
        self._told |= {"temporal_address": client.service_client.config.target_host, "ui_url": None}
        await cluster.check_namespace(client)
        missing = await cluster.missing_search_attributes(client)
        if missing:
            self._say(
                f"note: namespace {client.namespace} lacks the search attributes {', '.join(missing)}; stacks work "
                "without them. `firebrick server setup` with the same options adds them."
            )

    async def _start_worker(
        self,
        cleanup: contextlib.AsyncExitStack,
        keeping: list[asyncio.Task[None]],
        target: cluster.Target,
        namespace: str,
    ) -> Child:
        ready = self._folder.worker_ready_file
        # -P: a worker.py in the folder the user happens to be in is not ours.
        line = [sys.executable, "-P", "-m", "worker", "--task-queue", TASK_QUEUE, "--namespace", namespace]
        line += ["--keyring", str(self._folder.keyring), "--ready-file", str(ready)]
        if target.address:
            line += ["--address", target.address]
        if target.profile:
            line += ["--profile", target.profile]
        if target.payload_keyring:
            line += ["--payload-keyring", target.payload_keyring]
        if self._settings.metrics is not None:
            line += ["--metrics-address", str(self._settings.metrics.next())]
        environment = {"FIREBRICK_DATABASE": self._settings.database_url}  # a URL may hold a password: not in ps
        if self._settings.own_temporal:
            environment["FIREBRICK_WINDOW"] = os.environ.get("FIREBRICK_WINDOW") or str(dev_server.WINDOW)
        child = Child(
            "worker",
            line,
            log=self._folder.log("worker"),
            stop_signal=signal.SIGTERM,
            grace=WORKER_GRACE,
            say=self._say,
            environment=environment,
            on_restart=self._restarted,
        )
        self._say("starting the worker")
        await self._start(cleanup, child)

        async def is_ready() -> bool:
            return ready.exists()

        await child.ready(is_ready, within=WORKER_READY_WITHIN)
        self._keep(cleanup, keeping, child)
        return child

    async def _start(self, cleanup: contextlib.AsyncExitStack, child: Child) -> None:
        self._children.append(child)
        cleanup.push_async_callback(child.stop)
        await child.start()

    def _keep(self, cleanup: contextlib.AsyncExitStack, keeping: list[asyncio.Task[None]], child: Child) -> None:
        task = asyncio.create_task(child.keep())
        keeping.append(task)
        cleanup.callback(task.cancel)

    async def _restarted(self) -> None:
        for child in self._children:
            self._told[f"{child.name.lower()}_pid"] = child.pid
        self._note_worker()
        if "api_url" in self._told:
            self._tell()

    def _note_worker(self) -> None:
        """Where the worker shows its metrics, as it says itself."""
        with contextlib.suppress(OSError, ValueError):
            told = json.loads(self._folder.worker_ready_file.read_text())
            if told.get("metrics_url"):
                self._told["worker_metrics_url"] = told["metrics_url"]

    def _tell(self) -> None:
        self._folder.write_server_file(self._told)
        if self._settings.ready_file is not None:
            write_json(self._settings.ready_file, self._told)

    def _print_ready(self) -> None:
        told = self._told
        lines = [
            ("API", f"{told['api_url']}/v1/PROJECT"),
            ("Temporal", f"{told['temporal_address']}, namespace {told['namespace']}"),
            ("Temporal UI", told["ui_url"] or "(the cluster's own)"),
            *(
                [("metrics", f"{told['metrics_url']}, the worker's {url}")]
                if (url := told.get("worker_metrics_url"))
                else []
            ),
            ("state folder", f"{self._folder.path} (logs in {self._folder.path / 'logs'})"),
            ("to stop", f"ctrl-C, or kill {told['pid']}"),
        ]
        print("Firebrick is ready.", *(f"  {name + ':':<14}{text}" for name, text in lines), sep="\n", flush=True)


def say_on_stderr(line: str) -> None:
    print(f"firebrick server: {line}", file=sys.stderr, flush=True)


def run_server(settings: ServerSettings) -> None:
    """The command. Raises FirebrickError; returns after an orderly stop."""
    asyncio.run(Server(settings, say_on_stderr).run())


async def _setup(target: cluster.Target) -> tuple[str, list[str]]:
    client = await cluster.connect(target)
    await cluster.check_namespace(client)
    return client.namespace, list(await cluster.register_search_attributes(client))


def setup_namespace(target: cluster.Target) -> tuple[str, list[str]]:
    """`firebrick server setup`: register the search attributes; the namespace's name and what was added."""
    return asyncio.run(_setup(target))
