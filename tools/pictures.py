"""``make pictures``: docs/pictures/*.svg, what the README's commands show on a terminal, from a real run.

A server of its own (that of ``make demo``) carries the commands out; each runs on a pseudo-terminal, and what stands on
that at the end is drawn, colours and all. Nothing is fetched: the fonts are those of whoever looks. Times and ids are
those of the run, so pictures differ each time: commit new ones when the display has changed.
"""

import argparse
import fcntl
import io
import os
import pty
import re
import struct
import sys
import termios
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.text import Text

from tools.demo import FIREBRICK, Demo

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
LINES = 40
PART = re.compile(r"\x1b\[(?P<argument>[?0-9;]*)(?P<command>[A-Za-z])|[\r\n]|[^\x1b\r\n]+|\x1b.")
FONT_FACE = re.compile(r"@font-face\s*\{.*?\}\s*", re.DOTALL)  # rich names a server of fonts
FONTS = "ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono'"  # each run of characters is fitted to its cells, in any


@dataclass(frozen=True, slots=True)
class Picture:
    """One command on a terminal so wide. before: a command that it needs, not shown. code: how it must end."""

    name: str
    command: Sequence[str]
    columns: int
    code: int = 0
    before: Sequence[str] = ()
    before_code: int = 0


SHOP = ("-t", "examples/demo.yaml", "-e", "examples/production.yaml")
SHOWN = (
    Picture("create", ("stack", "create", "shop", *SHOP, "--wait", "-c", "id"), 100),
    Picture("events", ("stack", "event", "list", "shop"), 100),
    Picture(
        "failures",
        ("stack", "failures", "list", "site"),
        100,
        before=("stack", "create", "site", "-t", "tests/templates/fails.yaml", "--wait"),
        before_code=1,
    ),
)


def screen(written: str) -> list[str]:
    """The lines that stand there after all that was written, with their colours.

    Enough of a terminal for displays that erase a line before they write it again, as ours do.
    """
    lines, row = [""], 0
    for part in PART.finditer(written):
        command = part["command"]
        if part[0] == "\n":
            row += 1
            if row == len(lines):
                lines.append("")
        elif command == "A":
            row = max(0, row - int(part["argument"] or 1))
        elif command == "K":
            lines[row] = ""
        elif command == "m" or command is None and part[0][0] not in "\r\x1b":
            lines[row] += part[0]
    return lines


def on_a_terminal(command: Sequence[str], environment: Mapping[str, str], columns: int) -> tuple[int, str]:
    """(exit code, all it wrote) of a firebrick command on a terminal of its own."""
    pid, terminal = pty.fork()
    if not pid:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, columns, 0, 0))
        os.chdir(ROOT)
        os.execve(FIREBRICK, [str(FIREBRICK), *command], dict(environment))
    written = b""
    try:
        while data := os.read(terminal, 65536):
            written += data
    except OSError:  # Linux's way to say that the other end is closed
        pass
    finally:
        os.close(terminal)
        _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status), written.decode()


def draw(picture: Picture, written: str) -> str:
    """The picture as SVG: the prompt, and what stood on the terminal."""
    console = Console(record=True, width=picture.columns, file=io.StringIO(), force_terminal=True)
    console.print(Text.assemble(("$ ", "bold green"), "firebrick ", " ".join(picture.command)))
    console.print(Text.from_ansi("\n".join(screen(written)).rstrip()))
    drawn = console.export_svg(title="Firebrick", unique_id=f"firebrick-{picture.name}")
    drawn = FONT_FACE.sub("", drawn).replace("Fira Code", FONTS)
    return "\n".join(line.rstrip() for line in drawn.splitlines() if line.strip()) + "\n"


def main() -> int:
    demo = Demo(argparse.Namespace(port=0))
    environment = {name: value for name, value in demo.environment.items() if name not in ("NO_COLOR", "CI")}
    environment |= {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
    PICTURES.mkdir(parents=True, exist_ok=True)
    try:
        demo.start_server()
        for picture in SHOWN:
            for command, wanted in ((picture.before, picture.before_code), (picture.command, picture.code)):
                if not command:
                    continue
                code, written = on_a_terminal(command, environment, picture.columns)
                if code != wanted:
                    print(f"firebrick {' '.join(command)} ended with {code}, not {wanted}:\n{written}", file=sys.stderr)
                    return 1
            file = PICTURES / f"{picture.name}.svg"
            file.write_text(draw(picture, written))
            print(f"{file.relative_to(ROOT)}: {' '.join(picture.command)}")
    finally:
        demo.clean_up()
    return 0


if __name__ == "__main__":
    sys.exit(main())
