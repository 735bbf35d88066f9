from collections.abc import Iterator
from pathlib import Path

import pytest

from firebrick.testing.provider_process import ProviderProcess


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[ProviderProcess]:
    with ProviderProcess(tmp_path) as process:
        yield process
