"""A plug-in that sets its worker's clock an hour ahead."""

import time

from firebrick.resources.base import ResourceType

_right = time.time
time.time = lambda: _right() + 3600

RESOURCE_TYPES: list[type[ResourceType]] = []
