"""`devcred credential` against a twin, through the real SDK: results, refusals, secrets, care."""

import json
import socket
import stat
import uuid
from pathlib import Path

import pytest

from host_tools.twin import TwinThread
from tests.cli.conftest import CANARY, GROUP, Run, one_line

Account = dict[str, str]


@pytest.fixture
def client_id() -> str:
    return f"{GROUP}@@@{uuid.uuid4().hex[:12]}"


def held(twin: TwinThread, client_id: str) -> tuple[str, str] | None:
    """What the twin keeps: (key ID, secret)."""
    found = twin.call(lambda: twin.twin.state.credentials.get(client_id))
    return (found.key_id, found.secret) if found else None


def test_a_whole_life(run: Run, account: Account, twin: TwinThread, tmp_path: Path, client_id: str) -> None:
    made = run("credential", "register", "--client-id", client_id, "--out", "c.json", "--json", env=account)
    assert made.returncode == 0, made.stderr
    key_id, secret = held(twin, client_id) or ("", "")
    facts = json.loads(made.stdout)
    assert (facts["client_id"], facts["instance_id"], facts["key_id"]) == (
        client_id,
        twin.instance_id,
        key_id,
    )
    assert secret not in made.stdout + made.stderr
    assert stat.S_IMODE((tmp_path / "c.json").stat().st_mode) == 0o600
    assert json.loads((tmp_path / "c.json").read_text())["secret"] == secret

    shown = run("credential", "get", "--client-id", client_id, "--show-secret", "--json", env=account)
    assert json.loads(shown.stdout)["secret"] == secret
    hidden = run("credential", "get", "--client-id", client_id, env=account)
    assert hidden.returncode == 0
    assert secret not in hidden.stdout + hidden.stderr

    listed = run("credential", "list", "--group-id", GROUP, "--json", env=account)
    assert client_id in json.loads(listed.stdout)["client_ids"]

    fresh = run(
        "credential", "refresh", "--client-id", client_id, "--yes", "--out", "c.json", "--force", env=account
    )
    assert fresh.returncode == 0, fresh.stderr
    assert (
        (held(twin, client_id) or ("", ""))[1]
        == json.loads((tmp_path / "c.json").read_text())["secret"]
        != secret
    )

    gone = run("credential", "unregister", "--client-id", client_id, "--yes", "--json", env=account)
    assert json.loads(gone.stdout) == {"client_id": client_id, "unregistered": True}
    assert held(twin, client_id) is None
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c.json"]


def test_registered_twice(
    run: Run, account: Account, twin: TwinThread, tmp_path: Path, client_id: str
) -> None:
    twin.call(twin.twin.state.new_credential, client_id)
    before = held(twin, client_id)
    line = one_line(
        run("credential", "register", "--client-id", client_id, "--out", "c.json", env=account), 1
    )
    assert "already" in line
    assert "refresh" in line
    assert held(twin, client_id) == before
    assert list(tmp_path.iterdir()) == []


def test_a_place_for_the_secret_is_made_sure_of_first(
    run: Run, account: Account, twin: TwinThread, tmp_path: Path, client_id: str
) -> None:
    (tmp_path / "there").write_text("precious")
    for out, said in (("there", "--force"), ("no/such/folder", "cannot be written"), (".", "exists already")):
        line = one_line(run("credential", "register", "--client-id", client_id, "--out", out, env=account), 2)
        assert said in line
    assert held(twin, client_id) is None
    assert (tmp_path / "there").read_text() == "precious"


@pytest.mark.parametrize("act", ["refresh", "unregister"])
def test_care_before_something_is_lost(
    run: Run, account: Account, twin: TwinThread, client_id: str, act: str
) -> None:
    twin.call(twin.twin.state.new_credential, client_id)
    before = held(twin, client_id)
    call = ("credential", act, "--client-id", client_id)
    for stdin, said in (("n\n", "not confirmed"), ("", "--yes")):  # no, and nobody there
        refused = run(*call, stdin=stdin, env=account)
        assert refused.returncode == 1
        assert refused.stdout == ""
        assert said in refused.stderr
        assert "nothing was changed" in refused.stderr
    dry = run(*call, "--dry-run", "--json", env=account)
    assert dry.returncode == 0
    assert json.loads(dry.stdout)["dry_run"] == act
    assert held(twin, client_id) == before
    agreed = run(*call, stdin="y\n", env=account)
    assert agreed.returncode == 0
    assert held(twin, client_id) != before


@pytest.mark.parametrize("act", ["get", "refresh", "unregister"])
def test_a_client_id_without_a_credential(run: Run, account: Account, client_id: str, act: str) -> None:
    care = () if act == "get" else ("--yes",)
    assert "has no credential" in one_line(
        run("credential", act, "--client-id", client_id, *care, env=account), 1
    )


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"ALIBABA_CLOUD_ACCESS_KEY_SECRET": CANARY}, "ALIBABA_CLOUD_ACCESS_KEY_SECRET"),
        ({"ALIBABA_CLOUD_ACCESS_KEY_ID": CANARY}, "ALIBABA_CLOUD_ACCESS_KEY_ID"),
        ({"ALIBABA_CLOUD_ACCESS_KEY_ID": ""}, "no AccessKey was found"),
        ({"DEVCRED_INSTANCE": "mqtt-cn-other"}, "InstanceNotFound"),
    ],
)
def test_the_account_is_refused(
    run: Run, account: Account, client_id: str, changed: dict[str, str], said: str
) -> None:
    line = one_line(run("credential", "register", "--client-id", client_id, env=account | changed), 1)
    assert said in line
    assert account["ALIBABA_CLOUD_ACCESS_KEY_SECRET"] not in line


def test_a_twin_that_is_not_there(run: Run, account: Account, client_id: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nowhere = {"DEVCRED_ENDPOINT": f"http://127.0.0.1:{free.getsockname()[1]}"}
        line = one_line(run("credential", "get", "--client-id", client_id, env=account | nowhere), 1)
    assert "nothing listens there" in line
    assert "devcred twin" in line


def test_the_twins_other_ports_are_not_the_control_plane(
    run: Run, account: Account, twin: TwinThread, client_id: str
) -> None:
    wrong = {"DEVCRED_ENDPOINT": f"http://127.0.0.1:{twin.tls_port}"}
    line = one_line(run("credential", "get", "--client-id", client_id, env=account | wrong), 1)
    assert "check the port" in line


def test_a_group_that_does_not_exist(run: Run, account: Account) -> None:
    line = one_line(run("credential", "register", "--client-id", "GID_other@@@1", env=account), 1)
    assert "Group ID" in line


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("get", "--client-id", "GID_shop@@@" + "x" * 54), "65 characters"),
        (("get", "--client-id", "shop"), "GroupID"),
        (("list", "--group-id", "shop"), "GID_"),
        (("get", "--client-id", "GID_shop@@@1", "--endpoint", "ftp://x"), "endpoint"),
        (("get", "--client-id", "GID_shop@@@1", "--endpoint", "", "--region", "?"), "--region"),
        (("get", "--client-id", "GID_shop@@@1", "--endpoint", ""), "region"),
        (("get", "--client-id", "GID_shop@@@1", "--endpoint", f"http://u:{CANARY}@h"), "endpoint"),
    ],
)
def test_bad_input_is_found_before_anything_is_sent(
    run: Run, account: Account, arguments: tuple[str, ...], said: str
) -> None:
    assert said in one_line(run("credential", *arguments, env=account), 2)
