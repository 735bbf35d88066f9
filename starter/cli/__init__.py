"""The `firebrick` command: words and flags of `openstack stack ...`, spoken to the REST API.

Starts fast: nothing here imports SQLAlchemy, FastAPI, Temporal or pydantic; rich and YAML only where they are used.
"""


def main() -> None:
    """The console script. Exit codes: 0 done, 1 refused or failed, 2 usage, 70 unexpected, 130 interrupted."""
    import sys

    from starter.cli.app import run

    sys.exit(run(sys.argv[1:]))
