"""What the package index calls this project, and which version is installed. What Python imports is `firebrick`."""

import re
from importlib.metadata import version

NAME = "firebrick-stacks"


def installed_version() -> str:
    return version(NAME)


def compatible() -> str:
    """The requirement of a package that was made with the installed version: no older one, none that may break it."""
    return f"{NAME}{compatible_versions(installed_version())}"


def compatible_versions(installed: str) -> str:
    """``>=0.1,<0.2`` of 0.1.7; from 1.0 on only a new major version may break what was there: ``>=1.4,<2`` of 1.4.2."""
    found = re.match(r"(\d+)(?:\.(\d+))?", installed)
    if found is None:
        raise ValueError(f"{installed!r} is not a version")
    major, minor = int(found[1]), int(found[2] or 0)
    return f">={major}.{minor},<{major}.{minor + 1}" if major == 0 else f">={major}.{minor},<{major + 1}"
