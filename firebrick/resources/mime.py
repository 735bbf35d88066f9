"""MIME messages of configs, as cloud-init reads them. Pure: texts in, one text out, the same for the same boundary.

The form is Heat's: ``multipart/mixed``, each part a text in us-ascii where it can be, in utf-8 (then base64) where it
must be, a file name as the header Content-Disposition.
"""

import email
import os.path
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.message import Message
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText


@dataclass(frozen=True, slots=True)
class Part:
    """subtype: of text/...; "" is the stem of the file name, or plain where there is none. filename: "" is none."""

    text: str
    subtype: str = ""
    filename: str = ""

    def message(self) -> MIMEText:
        subtype = self.subtype or os.path.splitext(self.filename)[0] or "plain"
        made = MIMEText(self.text, subtype, "us-ascii" if self.text.isascii() else "utf-8")
        if self.filename:
            made.add_header("Content-Disposition", "attachment", filename=self.filename)
        return made


def message_of(parts: Sequence[Part], *, token: str) -> str:
    """The message. token: a text of hexadecimal digits that the boundary is made of; lengthened while a part has it."""
    boundary = f"==============={token}=="
    while any(f"--{boundary}" in part.text for part in parts):
        token += token[:8]
        boundary = f"==============={token}=="
    return MIMEMultipart(boundary=boundary, _subparts=[part.message() for part in parts]).as_string()


def parts_of(text: str) -> list[Part]:
    """The parts of a multipart message, those of multiparts inside it too; [] of what is no such message (as Heat).

    ValueError: a part is no text.
    """
    message = email.message_from_string(text)
    return list(_leaves(message)) if message.is_multipart() else []


def _leaves(message: Message) -> Iterator[Part]:
    for one in message.walk():
        if not one.is_multipart():
            yield Part(_text(one), one.get_content_subtype(), one.get_filename() or "")


def _text(part: Message) -> str:
    """Decoded by its own headers: what was base64 before is text again, and is encoded anew where it must be."""
    if "content-transfer-encoding" not in part or part["content-transfer-encoding"].lower() in ("7bit", "8bit"):
        return str(part.get_payload())  # text as it stands in the message, which was text
    raw = part.get_payload(decode=True)
    try:
        assert isinstance(raw, bytes)
        return raw.decode(part.get_content_charset("utf-8"))
    except (UnicodeDecodeError, LookupError) as error:
        raise ValueError(f"a part of type {part.get_content_type()} is no text: {error}") from None
