"""Public templates that install the agents of software configuration: what they make is what their files say."""

import email
import json
import os
import shutil
import uuid
from collections.abc import Callable
from email.message import Message
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.acceptance.command_line import CommandLine, post

PUBLIC = Path(__file__).resolve().parents[1] / "templates" / "software-config"
TEMPLATES = Path("heat-templates/hot/software-config/boot-config/templates")
AGENTS = Path("heat-agents")
PLACED = {  # what configure_config_agent.sh has in the place of files
    "$heat_config_script": AGENTS / "heat-config/os-refresh-config/configure.d/55-heat-config",
    "$hook_script": AGENTS / "heat-config-script/install.d/hook-script.py",
    "$heat_config_notify": AGENTS / "heat-config/bin/heat-config-notify",
    "$occ_conf": TEMPLATES / "fragments/os-collect-config.conf",
    "$orc_oac": TEMPLATES / "fragments/20-os-apply-config",
}
PIP_SCRIPT = """\
#!/bin/bash
set -eux

pip freeze

pip install -i "{mirror}" --pre --no-deps os-collect-config os-apply-config os-refresh-config heat-cfntools
pip freeze
cfn-create-aws-symlinks --force
"""

Files = Callable[[str], str]  # path below the folder -> content
Parts = dict[str, Callable[[Files], Any]]  # resource -> what its config must be; a map is YAML for cloud-init


def fragment(name: str) -> Callable[[Files], str]:
    return lambda read: read(f"{TEMPLATES}/fragments/{name}")


def configured(read: Files) -> str:
    text = read(f"{TEMPLATES}/fragments/configure_config_agent.sh")
    for word, path in PLACED.items():
        text = text.replace(word, read(str(path)))
    return text


def hook(name: str, path: str) -> Callable[[Files], dict[str, Any]]:
    return lambda read: {
        "merge_how": "dict(recurse_array)+list(append)",
        "write_files": [
            {
                "path": f"/var/lib/heat-config/hooks/{name}",
                "owner": "root:root",
                "permissions": "0755",
                "content": read(f"{AGENTS}/{path}"),
            }
        ],
    }


START: Parts = {"configure_config_agent": configured, "start_config_agent": fragment("start_config_agent.sh")}
CASES: dict[str, tuple[str, Parts]] = {  # template -> (the message, its parts in order)
    "install_config_agent_centos7_rdo": (
        "install_config_agent",
        {"install_config_agent_rdo": fragment("install_config_agent_rdo.sh"), **START},
    ),
    "install_config_agent_fedora_pip": (
        "install_config_agent",
        {
            "install_python_build_env": fragment("install_python_build_env_yum.sh"),
            "install_config_agent_pip": fragment("install_config_agent_pip.sh"),
            **START,
        },
    ),
    "install_config_agent_fedora_yum": (
        "install_config_agent",
        {"install_config_agent_yum": fragment("install_config_agent_yum.sh"), **START},
    ),
    "install_config_agent_test_image": (
        "install_config_agent",
        {
            "install_config_agent_pip": lambda _: PIP_SCRIPT.format(mirror="https://mirror.example/simple"),
            "configure_config_agent": configured,
            "install_puppet_hook": hook("puppet", "heat-config-puppet/install.d/hook-puppet.py"),
            "install_cfn_init_hook": hook("cfn-init", "heat-config-cfn-init/install.d/hook-cfn-init.py"),
            "start_config_agent": fragment("start_config_agent.sh"),
        },
    ),
    "install_config_agent_ubuntu_pip": (
        "install_config_agent",
        {
            "install_python_build_env": fragment("install_python_build_env_apt.sh"),
            "install_config_agent_pip": fragment("install_config_agent_pip.sh"),
            **START,
        },
    ),
    "install_container_agent": (
        "node_init",
        {
            "write_image_pull_script": fragment("get_container_agent_image.frag"),
            "install_container_agent": lambda read: read(f"{TEMPLATES}/fragments/start_container_agent.sh").replace(
                "$agent_image", "ramishra/heat-container-agent"
            ),
        },
    ),
}


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """The public templates with files that differ: each has its own text, some are not ASCII, and those that are
    templates of texts have placeholders, one of them twice."""
    folder = tmp_path / "software-config"
    shutil.copytree(PUBLIC, folder)
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix != ".yaml":
            path.write_bytes(f"#!/bin/sh\n# {path.name} – ä\r\n\n".encode() if "pip" in path.name else b"")
            with path.open("a", newline="") as file:
                file.write(f"# {path.relative_to(folder)}\n\ttext of {path.name} 'quoted' \"twice\"\n")
    for name, words in {"configure_config_agent.sh": PLACED, "start_container_agent.sh": ["$agent_image"]}.items():
        with (folder / TEMPLATES / "fragments" / name).open("a") as file:
            file.write("".join(f"cat <<EOF\n{word}\nEOF\n" for word in [*words, *list(words)[:1]]))
    return folder


def parts_of(message: str) -> list[str]:
    whole = email.message_from_string(message)
    assert whole.get_content_type() == "multipart/mixed" and not whole.defects
    payload = whole.get_payload()
    assert isinstance(payload, list)
    texts = []
    for part in payload:
        assert isinstance(part, Message) and part.get_content_type() == "text/plain"
        raw = part.get_payload(decode=True)
        assert isinstance(raw, bytes)
        texts.append(raw.decode(str(part.get_content_charset())))
    return texts


def as_data(config: str) -> Any:
    first, _, rest = config.partition("\n")
    assert first == "#cloud-config"
    return yaml.safe_load(rest)


def as_sent(text: str) -> str:
    """A text in us-ascii goes as lines, whose ends are the message's; any other in base64, to the letter."""
    return text.replace("\r\n", "\n") if text.isascii() else text


def check(firebrick: CommandLine, folder: Path, template: str, stack: str) -> None:
    """Create, look at everything, delete."""
    message, parts = CASES[template]

    def read(path: str) -> str:
        return (folder / path).read_bytes().decode()

    expected = {resource: make(read) for resource, make in parts.items()}
    made = firebrick.record("stack", "create", stack, "-t", folder / TEMPLATES / f"{template}.yaml", "--wait")
    assert made["stack_status"] == "CREATE_COMPLETE"
    resources = firebrick.resources(stack)
    assert set(resources) == {*expected, message}
    shown = {
        name: firebrick.record("stack", "resource", "show", stack, name)["attributes"]["config"] for name in resources
    }
    for name, config in expected.items():
        assert (as_data(shown[name]) if isinstance(config, dict) else shown[name]) == config
    assert parts_of(shown[message]) == [as_sent(shown[name]) for name in expected]
    outputs = firebrick.outputs(stack)
    assert outputs == {"config": resources[message]["physical_resource_id"]}
    assert str(uuid.UUID(outputs["config"])) == outputs["config"]
    firebrick("stack", "delete", stack, "--yes", "--wait")
    firebrick("stack", "show", stack, code=1)
    assert firebrick.record("stack", "show", made["id"])["stack_status"] == "DELETE_COMPLETE"


@pytest.mark.parametrize("template", CASES)
def test_a_public_template_makes_the_message_of_its_files_and_goes_away(
    firebrick: CommandLine, written: Path, template: str
) -> None:
    check(firebrick, written, template, template)


@pytest.mark.parametrize("template", CASES)
def test_a_public_template_with_its_placeholders_is_made_too(firebrick: CommandLine, template: str) -> None:
    stack, (message, parts) = f"placeholders-{template}", CASES[template]
    firebrick("stack", "create", stack, "-t", PUBLIC / TEMPLATES / f"{template}.yaml", "--wait")
    made = firebrick.record("stack", "resource", "show", stack, message)
    assert firebrick.outputs(stack) == {"config": made["physical_resource_id"]}
    expected = [make(lambda path: (PUBLIC / path).read_bytes().decode()) for make in parts.values()]
    found = parts_of(made["attributes"]["config"])
    assert [
        as_data(one) if isinstance(want, dict) else one for one, want in zip(found, expected, strict=True)
    ] == expected
    firebrick("stack", "delete", stack, "--yes", "--wait")


def test_every_public_template_is_tried() -> None:
    assert sorted(CASES) == sorted(path.stem for path in (PUBLIC / TEMPLATES).glob("*.yaml"))


def test_an_environment_may_switch_the_agent_off_with_a_config_of_nothing(
    firebrick: CommandLine, tmp_path: Path
) -> None:
    template = tmp_path / "t.yaml"
    template.write_text(
        "heat_template_version: 2014-10-16\nresources: {agent: {type: 'Heat::InstallConfigAgent'}}\n"
        "outputs: {id: {value: {get_resource: agent}}, config: {value: {get_attr: [agent, config]}}}\n"
    )
    environment = PUBLIC / TEMPLATES.parent / "none_env.yaml"
    firebrick("stack", "create", "no-agent", "-t", template, "-e", environment, "--wait")
    outputs = firebrick.outputs("no-agent")
    assert outputs["config"] is None and str(uuid.UUID(outputs["id"])) == outputs["id"]
    firebrick("stack", "delete", "no-agent", "--yes", "--wait")


def test_a_file_that_is_missing_is_refused_with_its_place_and_nothing_is_made(
    firebrick: CommandLine, written: Path
) -> None:
    os.unlink(written / TEMPLATES / "fragments" / "start_config_agent.sh")
    template = written / TEMPLATES / "install_config_agent_fedora_yum.yaml"
    before = firebrick.stored()
    lines = template.read_text().splitlines()
    line, text = next((number, one) for number, one in enumerate(lines, 1) if "start_config_agent.sh" in one)
    done = firebrick.run("stack", "create", "lacking", "-t", template, "--wait")
    assert done.code == 1
    place = f"{template}:{line}:{text.index('get_file') + 1}"
    assert f"{place}: resources.start_config_agent.properties.config.get_file: the file " in done.err
    assert "fragments/start_config_agent.sh cannot be read: No such file or directory" in done.err
    assert firebrick.stored() == before


GET_FILE = """heat_template_version: 2014-10-16
resources:
  r: {{type: OS::Heat::SoftwareConfig, properties: {{config: {{get_file: {key}}}}}}}
outputs:
  o: {{value: {{get_attr: [r, config]}}}}
"""


def test_a_request_without_the_file_is_refused_by_the_server_in_heats_words(
    firebrick: CommandLine, written: Path
) -> None:
    """As another client may send it; the server does not look for the file, though it is on its machine."""
    key = (written / TEMPLATES / "fragments" / "start_config_agent.sh").as_uri()
    status, body = post(firebrick, json.dumps({"stack_name": "no", "template": GET_FILE.format(key=key)}).encode())
    assert status == 400
    text = (
        f'resources.r.properties.config.get_file: No content found in the "files" section for get_file path: {key[:60]}'
    )
    assert body["error"]["message"].startswith(text)
    assert (body["diagnostics"][0]["line"], body["diagnostics"][0]["column"]) == (3, 61)


def test_a_client_that_sends_addresses_as_keys_is_served(firebrick: CommandLine, written: Path) -> None:
    key = (written / "a.sh").as_uri()
    body = {"stack_name": "addresses", "template": GET_FILE.format(key=key), "files": {key: "#!/bin/sh\n"}}
    status, _ = post(firebrick, json.dumps(body).encode())
    assert status == 201
    firebrick("stack", "wait", "addresses")
    assert firebrick.outputs("addresses") == {"o": "#!/bin/sh\n"}
    firebrick("stack", "delete", "addresses", "--yes", "--wait")
