"""`stack plan -o`, `stack apply`: on a real server, what was planned is what is done, or nothing."""

import json
import stat
from pathlib import Path

from tests.acceptance.command_line import CommandLine

TEMPLATE = """\
heat_template_version: 2021-04-16
parameters:
  word: {type: string, default: one}
  key: {type: string, default: s3cret-key, hidden: true}
resources:
  first: {type: OS::Heat::TestResource, properties: {value: {get_param: word}}}
  second: {type: OS::Heat::Value, properties: {value: {get_attr: [first, output]}}}
  safe: {type: OS::Heat::Value, properties: {value: {get_param: key}}}
  room: {type: room.yaml, properties: {word: {get_param: word}}}
"""
ROOM = """\
heat_template_version: 2021-04-16
parameters: {word: {type: string}}
resources:
  door: {type: OS::Heat::TestResource, properties: {update_replace_value: {get_param: word}}}
  wall: {type: OS::Heat::Value, properties: {value: 1}}
"""
EXPECTED = """\
Stack planned:

  # first will be updated in place
  ~ OS::Heat::TestResource "first" {
      ~ value = "one" -> "two"
    }

  # second may be updated in place
  ~ OS::Heat::Value "second" {
      ~ value = "one" -> (known after apply)
    }

  # safe will be updated in place
  ~ OS::Heat::Value "safe" {
      ~ value = (sensitive value)
    }

  # room will be updated in place
  ~ room.yaml "room" {
      ~ word = "one" -> "two"
    }

  # room.door must be replaced
-/+ OS::Heat::TestResource "door" {
      ~ update_replace_value = "one" -> "two" # forces replacement
    }

  # more will be created
  + OS::Heat::Value "more" {
      + value = 7
    }

Plan: 1 to add, 4 to change, 1 to replace, 0 to destroy.
1 of them only if values that are known after apply turn out to differ.
"""


def test_a_plan_is_made_looked_at_applied_once_and_refused_when_the_stack_has_moved(
    firebrick: CommandLine, tmp_path: Path
) -> None:
    template, following = tmp_path / "t.yaml", tmp_path / "n.yaml"
    template.write_text(TEMPLATE)
    following.write_text(TEMPLATE + "  more: {type: OS::Heat::Value, properties: {value: 7}}\n")
    (tmp_path / "room.yaml").write_text(ROOM)
    create = tmp_path / "create.json"
    creating = firebrick("stack", "plan", "planned", "-t", template, "-o", create, code=2)
    assert creating.endswith("Plan: 6 to add, 0 to change, 0 to replace, 0 to destroy.\n")
    assert firebrick("stack", "create", "planned", "-t", template, "--dry-run", code=2) == creating
    told = json.loads(firebrick("stack", "apply", create, "--wait", "-f", "json"))
    assert told["stack_status"] == "CREATE_COMPLETE"
    refused = firebrick.run("stack", "apply", create)
    assert refused.code == 1 and "[name-in-use]" in refused.err
    assert "No changes." in firebrick("stack", "plan", "planned", "-t", template)
    assert "No changes." in firebrick("stack", "update", "planned", "-t", template, "--converge", "--dry-run")

    before = firebrick.stored()
    change = ("-t", following, "--parameter", "word=two", "--parameter", "key=other-s3cret")
    plan, late = tmp_path / "plan.json", tmp_path / "late.json"
    assert firebrick("stack", "plan", "planned", *change, "-o", plan, code=2) == EXPECTED
    firebrick("stack", "plan", "planned", *change, "-o", late, code=2)
    assert stat.S_IMODE(plan.stat().st_mode) == 0o600 and "s3cret" not in plan.read_text()
    assert firebrick.stored() == before

    told = json.loads(firebrick("stack", "apply", plan, "--wait", "-f", "json"))
    assert told["stack_status"] == "UPDATE_COMPLETE"
    assert sorted(firebrick.resources("planned")) == ["first", "more", "room", "safe", "second"]
    assert firebrick("stack", "plan", "planned", *change).startswith("No changes.")
    gone = firebrick("stack", "delete", "planned", "--dry-run", "--retain", "more", code=2)
    assert "# room.door will be destroyed" in gone and gone.endswith("1 to leave the stack and stay where it is.\n")
    assert "Plan: 0 to add, 0 to change, 0 to replace, 6 to destroy." in gone and "s3cret" not in gone
    refused = firebrick.run("stack", "apply", late)
    assert refused.code == 1 and "[plan-overtaken]" in refused.err and "UPDATE" in refused.err
    forged = json.loads(late.read_text())
    forged["base"]["revision"] += 1
    late.write_text(json.dumps(forged))
    refused = firebrick.run("stack", "apply", late)
    assert refused.code == 1 and "[plan-signature]" in refused.err
    assert firebrick.run("stack", "plan", "planned", "-t", tmp_path / "none.yaml").code == 1
