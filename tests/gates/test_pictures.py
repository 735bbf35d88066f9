"""The README's pictures are there, need nothing from the net, and show what a terminal would."""

import re
from pathlib import Path

from tools.pictures import SHOWN, Picture, draw, screen

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "docs" / "pictures"


def test_the_readme_shows_each_picture_and_no_other() -> None:
    linked = re.findall(r"!\[[^\]]*\]\((.*?)\)", (ROOT / "README.md").read_text())
    assert sorted(linked) == sorted(f"docs/pictures/{one.name}.svg" for one in SHOWN)
    assert sorted(path.stem for path in PICTURES.iterdir()) == sorted(one.name for one in SHOWN)


def test_a_picture_fetches_nothing() -> None:
    for path in sorted(PICTURES.iterdir()):
        text = path.read_text()
        assert "@font-face" not in text and "@import" not in text and "href" not in text
        assert all(found.startswith("url(#") for found in re.findall(r"url\([^)]*\)", text)), path


def test_what_was_written_over_is_not_in_the_picture() -> None:
    written = "one\r\n\x1b[33mtwo IN_PROGRESS\x1b[0m\r\n\x1b[1A\x1b[2K\x1b[32mtwo COMPLETE\x1b[0m\r\n\x1b[?25hend"
    assert screen(written) == ["one", "\x1b[32mtwo COMPLETE\x1b[0m", "end"]
    drawn = draw(Picture("p", ("stack", "list"), 60), written)
    assert "COMPLETE" in drawn and "IN_PROGRESS" not in drawn and "firebrick&#160;stack&#160;list" in drawn
