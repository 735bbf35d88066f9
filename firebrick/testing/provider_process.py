"""The fake provider as tests hold it: started, ordered to fail, killed, started again, looked at.

with ProviderProcess(tmp_path) as provider:
    provider.fault("die-after-effect", method="POST", match="web")
    ...
    assert provider.ledger.doubles() == []
"""

import contextlib
import json
import os
import selectors
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any

from firebrick.ports import free_ports
from firebrick.testing.ledger import Ledger

READY_WITHIN = 30.0  # seconds; it takes 0.2 on an idle machine


class ProviderProcess:
    """One provider on one port with one ledger, ``directory/ledger.jsonl``; both stay through kills and restarts.

    latency, jitter: seconds an answer takes, and up to so much longer. It ends with the process that holds it.
    """

    def __init__(self, directory: Path, *, latency: float = 0.0, jitter: float = 0.0, seed: int = 0) -> None:
        self.ledger = Ledger(directory / "ledger.jsonl")
        self.port = free_ports(1)[0]
        self._options = ["--latency", str(latency), "--jitter", str(jitter), "--seed", str(seed)]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """What a worker needs to speak to it: FIREBRICK_TEST_PROVIDER and FIREBRICK_PLUGINS."""
        return {"FIREBRICK_TEST_PROVIDER": self.url, "FIREBRICK_PLUGINS": "firebrick.testing.types"}

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it, or start it again after a death: same port, same objects. Returns when it answers."""
        if self.alive:
            raise RuntimeError("the provider is running already")
        self._release()
        command = [sys.executable, "-m", "firebrick.testing.provider", "--port", str(self.port), "--end-with-stdin"]
        self._process = subprocess.Popen(
            [*command, "--ledger", str(self.ledger.path), *self._options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
            start_new_session=True,
        )
        try:
            self._await_ready(self._process)
        except BaseException:
            self.kill()
            raise

    def kill(self) -> None:
        """SIGKILL, at whatever it is doing. Its objects stay."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._release()

    def restart(self) -> None:
        self.kill()
        self.start()

    def wait_for_death(self, timeout: float = 30.0) -> None:
        """Until it has ended by itself, on order. TimeoutError."""
        if self._process is None:
            return
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"the provider still lives after {timeout} s") from None
        self._release()

    def fault(
        self,
        do: str,
        *,
        method: str = "",
        match: str = "",
        nth: int = 1,
        times: int = 1,
        status: int = 500,
        retry_after: float | None = None,
        seconds: float = 0.0,
    ) -> None:
        """Order a fault; see firebrick.testing.provider.Fault and FAULTS. Orders end with the process."""
        self.request(
            "POST",
            "/control",
            {
                "do": do,
                "method": method,
                "match": match,
                "nth": nth,
                "times": times,
                "status": status,
                "retry_after": retry_after,
                "seconds": seconds,
            },
        )

    def clear_faults(self) -> None:
        self.request("DELETE", "/control")

    def release(self, label: str = "", *, stack: str = "") -> None:
        """Hold no more what has the property `hold`: of one resource's name, of one stack, where given. Ends with the
        process, as orders do."""
        self.request("POST", "/release", {"stack": stack, "label": label})

    def request(self, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
        """Ask the provider directly: status and JSON body. OSError where it does not answer."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, method=method)
        try:
            with urllib.request.urlopen(request, timeout=READY_WITHIN) as answer:
                status, content = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                status, content = error.code, error.read()
        if path == "/control" and status >= 400:
            raise ValueError(json.loads(content)["error"])
        return status, json.loads(content) if content else None

    def __enter__(self) -> "ProviderProcess":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def _await_ready(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        until = time.monotonic() + READY_WITHIN
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            if not selector.select(until - time.monotonic()):
                raise TimeoutError(f"the provider did not start within {READY_WITHIN} s")
        if not process.stdout.readline():
            raise RuntimeError(f"the provider ended at its start, exit code {process.wait()}")

    def _release(self) -> None:
        """Close the pipes to a process that has ended."""
        if self._process is not None:
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()
            self._process = None
