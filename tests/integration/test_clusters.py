"""A cluster behind TLS is reached as Temporal's own clients reach it: by variables, or by a profile of their file."""

from pathlib import Path

import pytest

from firebrick.diagnostics import Unavailable
from firebrick.testing.dev_server import NAMESPACE, DevServer
from starter import cluster
from starter.cluster import Target
from tests.integration.tls_front import Authority, TlsFront


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


async def test_a_profile_gives_address_namespace_and_certificates(
    dev_server: DevServer, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = authority.certificate("client")
    async with TlsFront(authority, dev_server.address) as front:
        file = tmp_path / "temporal.toml"
        file.write_text(
            f'[profile.production]\naddress = "{front.address}"\nnamespace = "{NAMESPACE}"\n'
            f'[profile.production.tls]\nserver_ca_cert_path = "{authority.ca}"\n'
            f'client_cert_path = "{certificate}"\nclient_key_path = "{key}"\n'
        )
        monkeypatch.setenv("TEMPORAL_CONFIG_FILE", str(file))
        client = await cluster.connect(Target(profile="production"))
        await cluster.check_namespace(client)
        assert (client.namespace, front.accepted > 0) == (NAMESPACE, True)


async def test_variables_give_certificates_and_without_them_the_cluster_is_not_reached(
    dev_server: DevServer, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = authority.certificate("client")
    async with TlsFront(authority, dev_server.address) as front:
        with pytest.raises(Unavailable):
            await cluster.connect(Target(address=front.address))
        monkeypatch.setenv("TEMPORAL_ADDRESS", front.address)
        monkeypatch.setenv("TEMPORAL_NAMESPACE", NAMESPACE)
        monkeypatch.setenv("TEMPORAL_API_KEY", "an-api-key")  # the dev server lets anybody in; it turns TLS on
        monkeypatch.setenv("TEMPORAL_TLS_SERVER_CA_CERT_PATH", str(authority.ca))
        with pytest.raises(Unavailable):  # it asks for a client's certificate
            await cluster.connect(Target())
        monkeypatch.setenv("TEMPORAL_TLS_CLIENT_CERT_PATH", str(certificate))
        monkeypatch.setenv("TEMPORAL_TLS_CLIENT_KEY_PATH", str(key))
        client = await cluster.connect(Target())
        await cluster.check_namespace(client)
        assert client.service_client.config.api_key == "an-api-key"
