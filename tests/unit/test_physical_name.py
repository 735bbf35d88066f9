"""The form of physical names, against base32 as the standard library writes it."""

import base64
import re
from uuid import UUID, uuid4

from firebrick.physical_names import physical_name


def test_the_end_is_the_rows_own() -> None:
    for _ in range(200):
        row = str(uuid4())
        end = base64.b32encode(UUID(row).bytes[:10])[:12].decode().lower()
        assert physical_name("web", "server", row) == f"web-server-{end}"


def test_a_long_name_is_cut_at_its_front() -> None:
    row = str(uuid4())
    name = physical_name("web" * 100, "server", row)
    assert len(name) == 255
    assert re.fullmatch(r"we-.*-server-[a-z2-7]{12}", name)
