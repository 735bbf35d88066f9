"""`firebrick provider ...`: what the author of resource types begins with. No server is asked."""

import re
import shutil
import tempfile
from pathlib import Path

import click

from firebrick.diagnostics import Diagnostic, InvalidInput

NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
LONGEST_NAME = 40


@click.group()
def provider() -> None:
    """Begin a package of resource types."""


@provider.command("new")
@click.argument("name")
@click.option(
    "--dir", "within", metavar="FOLDER", type=click.Path(path_type=Path), default=".", help="Where. Default: here."
)
def provider_new(name: str, within: Path) -> None:
    """Make a package NAME with a resource type that works, its tests and an entry point.

    NAME is in small letters, as acme or acme-cloud; the folder of this name must not be there yet.
    """
    from starter.cli.provider_files import files_of, package_of

    folder = _free_folder(name, within)
    files = files_of(name)
    _write_whole(folder, files)
    click.echo(f"{folder}: {len(files)} files. Next:", err=True)
    click.echo(f"  cd {folder} && pip install -e '.[dev]' && pytest", err=True)
    click.echo(f"  then change {package_of(name)}/note.py and api.py: docs/writing-a-resource-type.md", err=True)
    for path in sorted(files):
        click.echo(folder / path)


def _free_folder(name: str, within: Path) -> Path:
    """Where the package goes. InvalidInput: no name for one, or no place."""
    if not NAME.fullmatch(name) or len(name) > LONGEST_NAME:
        raise _refused(
            "provider-name",
            f"{name!r} is no name for a provider",
            f"Small letters and digits, words joined by -, a letter first, at most {LONGEST_NAME}: acme-cloud.",
        )
    if name.startswith("firebrick"):
        raise _refused(
            "provider-name",
            f"the name {name} begins with firebrick",
            "The package will be called firebrick-NAME anyway.",
        )
    if not within.is_dir():
        raise _refused("provider-folder", f"there is no folder {within}", "Make it, or name another with --dir.")
    folder = within / name
    if folder.exists() or folder.is_symlink():
        raise _refused(
            "provider-exists", f"{folder} is there already, and is left as it is", "Choose another NAME or --dir."
        )
    return folder


def _write_whole(folder: Path, files: dict[str, str]) -> None:
    """All files or none: beside the place first. InvalidInput: it cannot be written there."""
    try:
        fresh = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        try:
            for path, text in files.items():
                (fresh / path).parent.mkdir(parents=True, exist_ok=True)
                (fresh / path).write_text(text, encoding="utf-8")
            fresh.chmod(0o755)
            fresh.rename(folder)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    except OSError as error:
        raise _refused("provider-folder", f"{folder} cannot be written: {error.strerror}", "") from None


def _refused(code: str, summary: str, detail: str) -> InvalidInput:
    return InvalidInput(Diagnostic(code=code, summary=summary, detail=detail))
