"""The `firebrick` command: words and flags of `openstack stack ...`, spoken to the REST API.

Starts fast: nothing here imports SQLAlchemy, FastAPI, Temporal or pydantic; rich and YAML only where they are used.
"""


def main() -> None:
    """The console script. Exit codes: 0 done, 1 refused or failed, 2 usage, 70 unexpected, 130 interrupted."""
    import os
    import sys

    from starter.cli.app import run

    code = run(sys.argv[1:])
    if "temporalio" in sys.modules:
        # Temporal's SDK leaves threads that touch the interpreter while it is torn down; about one process in ten then
        # aborts (temporalio/sdk-python issue 300). Everything is closed by now, so there is nothing to tear down.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)
