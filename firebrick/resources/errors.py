"""The errors a handler raises, by what helps against them. A provider's author learns two: try later, or stop.

    ResourceError
    |-- TemporaryError(delay=)      worth another attempt
    |   |-- TransientError          network, 5xx, restart             (also: TimeoutError, ConnectionError, OSError)
    |   |-- ThrottledError          429; honours its delay
    |   |-- ConflictError           the object, or one it hangs on, is busy
    |   `-- QuotaError              no room; wait longer
    |-- UnknownOutcome              find_by_key cannot tell whether there is an object
    |-- Replace                     no error: an update says that it takes another object
    `-- PermanentError              no attempt will help               (also: any other exception)
        |-- RefusedError            the provider said no before anything happened
        |   `-- TakenError          another resource has what this one is to have; waited for if it goes
        `-- PropertyMissing         a handler asks for a property that an external resource was not given

A create that ends with an error may have made something all the same: an answer that was cut, or could not be read,
comes after the effect. It counts as "nothing was made" only where that is said: by RefusedError, or by ``not_sent`` of
a temporary error. After any other error the object is looked for when the resource is replaced or deleted.

Messages are shown to the owner of the stack and stored encrypted; they never enter a workflow's history.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar


class ResourceError(Exception):
    """Something a resource's handler could not do."""

    error_class: ClassVar[str] = "permanent"


class TemporaryError(ResourceError):
    """Worth another attempt. delay: seconds before it; None: by the table of its class.

    not_sent: the call surely had no effect: it did not reach the provider, or was turned away. Of a type that can
    neither be found nor be created twice, a create that failed so may be tried again; any other lost one may not.
    late: the provider took too long, and may be at it still: the effect may come after this error.
    """

    error_class: ClassVar[str] = "transient"

    def __init__(self, message: str, *, delay: float | None = None, not_sent: bool = False, late: bool = False) -> None:
        super().__init__(message)
        self.delay = delay
        self.not_sent = not_sent
        self.late = late


class TransientError(TemporaryError):
    error_class = "transient"


class ThrottledError(TemporaryError):
    error_class = "throttled"


class ConflictError(TemporaryError):
    error_class = "conflict"


class QuotaError(TemporaryError):
    error_class = "quota"


class PermanentError(ResourceError):
    """No attempt will help."""


class RefusedError(PermanentError):
    """The provider turned the request down before it had any effect: of a create, nothing was made."""


class TakenError(RefusedError):
    """Raised by a create, before anything is made: another resource has what this one is to have, such as a name.

    by: whether that is the one whose create ran under a key (``context.key``). When the same operation takes that one
    away, this one waits for it, as after a ConflictError; else it has failed.
    """

    def __init__(self, message: str, *, by: Callable[[str], bool]) -> None:
        super().__init__(message)
        self.by = by


class PropertyMissing(PermanentError):
    """A handler reads a required property that was not given: beside `external_id` any may be missing."""


class UnknownOutcome(ResourceError):
    """Raised by find_by_key: nothing can tell whether a create whose answer was lost has made an object. The resource
    becomes UNKNOWN, and a person must look. The message says at what."""


class Replace(ResourceError):
    """Raised by an update: this change cannot be made in place, another object must take this one's place."""


@dataclass(frozen=True, slots=True)
class RetryRule:
    """attempts: all of them, the first included. first, factor, most: seconds before the second, growth, ceiling."""

    attempts: int
    first: float
    factor: float
    most: float

    def delay(self, attempt: int) -> float:
        """Seconds to wait after failed attempt number `attempt` (from 1), before jitter."""
        return float(min(self.most, self.first * self.factor ** (attempt - 1)))


RETRY_RULES: dict[str, RetryRule] = {
    "transient": RetryRule(attempts=8, first=0.5, factor=2.0, most=30.0),
    "throttled": RetryRule(attempts=20, first=1.0, factor=2.0, most=60.0),
    "conflict": RetryRule(attempts=10, first=1.0, factor=1.6, most=30.0),
    "quota": RetryRule(attempts=10, first=15.0, factor=2.0, most=300.0),
    "permanent": RetryRule(attempts=1, first=0.0, factor=1.0, most=0.0),
}


def surely_without_effect(error: BaseException) -> bool:
    """Whether a call that ended with this error has surely done nothing."""
    return isinstance(error, RefusedError) or bool(getattr(error, "not_sent", False))


def is_late(error: BaseException) -> bool:
    """Whether the effect of a call that ended with this error may be yet to come."""
    return isinstance(error, TimeoutError) or bool(getattr(error, "late", False))


def classify(error: BaseException) -> str:
    """The class of an error, a key of RETRY_RULES."""
    if isinstance(error, ResourceError):
        return error.error_class
    if isinstance(error, TimeoutError | ConnectionError):
        return "transient"
    return "permanent"
