"""Places for calls: no provider and no project may take all threads of a worker.

A call that a slow provider does not answer holds a thread until it ends, also after it was given up. A step that finds
no place left for its provider or its project is put off and holds nothing meanwhile; the others go on.
"""

import threading
from collections import Counter
from dataclasses import dataclass, field

from firebrick import metrics


@dataclass(slots=True)
class Place:
    """Room for the calls of one step, one after the other. It is free again when the step has let go of it and the last
    call has ended, also one that was given up."""

    _places: "Places"
    provider: str
    project: str
    _holders: int = 1
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def hold(self) -> None:
        with self._lock:
            self._holders += 1

    def release(self) -> None:
        with self._lock:
            self._holders -= 1
            free = not self._holders
        if free:
            self._places.free(self)


class Places:
    """All places of a worker. of_provider, of_project: how many one of them may take at once."""

    def __init__(self, of_provider: int, of_project: int) -> None:
        self._of_provider = of_provider
        self._of_project = of_project
        self._providers: Counter[str] = Counter()
        self._projects: Counter[str] = Counter()
        self._lock = threading.Lock()

    def take(self, provider: str, project: str) -> Place | None:
        """None: there is none left. provider: see ResourceType.provider."""
        with self._lock:
            if self._providers[provider] >= self._of_provider or self._projects[project] >= self._of_project:
                return None
            self._providers[provider] += 1
            self._projects[project] += 1
        metrics.CALL_PLACES.inc()
        return Place(self, provider, project)

    def free(self, place: Place) -> None:
        """Called by the place when nobody holds it any more."""
        with self._lock:
            for counts, name in ((self._providers, place.provider), (self._projects, place.project)):
                counts[name] -= 1
                if not counts[name]:
                    del counts[name]
        metrics.CALL_PLACES.dec()
