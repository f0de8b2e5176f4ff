"""The fixtures for other people's tests, as those people run them: pytest, in a folder of theirs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

THEIRS = '''
import pytest
import paho.mqtt.client as paho
from alibabacloud_onsmqtt20200420 import client, models
from alibabacloud_tea_openapi.models import Config
from host_tools.twin import Settings

SEEN = []


def answer(twin, login):
    """What a device hears to its CONNECT."""
    answers = []
    device = paho.Client(paho.CallbackAPIVersion.VERSION2, login.client_id)
    device.username_pw_set(login.username, login.password)
    device.on_connect = lambda *about: (answers.append(str(about[3])), device.disconnect())
    device.connect("127.0.0.1", twin.mqtt_port)
    device.loop_forever()
    return answers


@pytest.mark.parametrize("turn", [1, 2])
def test_each_test_has_a_twin_of_its_own(mqtt_twin, mqtt_device, turn):
    SEEN.append(mqtt_twin.instance_id)
    assert len(set(SEEN)) == turn
    assert mqtt_twin.groups == ("GID_test",)
    assert answer(mqtt_twin, mqtt_device()) == ["Success"]
    assert mqtt_device().client_id != mqtt_device().client_id


@pytest.mark.mqtt_twin(groups=["GID_shop"], topics=["shop"])
class TestMarks:
    @pytest.mark.mqtt_twin(topics=["till"])
    def test_the_nearer_mark_counts(self, mqtt_twin):
        assert (mqtt_twin.groups, mqtt_twin.topics) == (("GID_shop",), ("till",))

    def test_the_mark_of_the_class(self, mqtt_twin, mqtt_device):
        assert mqtt_twin.topics == ("shop",)
        login = mqtt_device("GID_other@@@1")
        assert login.client_id == "GID_other@@@1" and login.password not in repr(login)
        assert answer(mqtt_twin, login) == ["Success"]


def test_twins_with_settings(mqtt_twin_factory, mqtt_device):
    strict = mqtt_twin_factory()
    lenient = mqtt_twin_factory(settings=Settings(bad_credential_code=4))
    login = mqtt_device(twin=strict)
    assert answer(strict, login) == ["Success"]
    assert answer(lenient, login) == ["Bad user name or password"]


def test_the_sdk_reaches_it_whatever_proxy_there_is(mqtt_twin):
    key = {"access_key_id": mqtt_twin.access_key_id, "access_key_secret": mqtt_twin.access_key_secret}
    sdk = client.Client(Config(endpoint=mqtt_twin.endpoint, protocol="http", **key))
    request = models.ListGroupIdRequest(instance_id=mqtt_twin.instance_id)
    assert [group.group_id for group in sdk.list_group_id(request).body.data] == ["GID_test"]


def test_a_client_id_that_breaks_the_rules(mqtt_device):
    with pytest.raises(ValueError, match="GroupID"):
        mqtt_device("till-1")
'''

ASYNC = """
import asyncio
from host_tools.twin import Twin
from host_tools.twin.devices import new_device


def test_in_a_loop_of_its_own():
    async def run():
        async with Twin(topics=["shop"]) as twin:
            login = new_device(twin, "GID_shop@@@till-1")
            reader, writer = await asyncio.open_connection("127.0.0.1", twin.mqtt_port)
            text = [b"MQTT", login.client_id.encode(), login.username.encode(), login.password.encode()]
            name, *rest = [len(each).to_bytes(2, "big") + each for each in text]
            body = name + b"\\x04\\xc2\\x00\\x3c" + b"".join(rest)
            writer.write(b"\\x10" + bytes([len(body) % 128 | 128, len(body) // 128]) + body)
            assert await reader.readexactly(4) == b"\\x20\\x02\\x00\\x00"
            writer.close()

    asyncio.run(run())
"""


def run_pytest(folder: Path, source: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    (folder / "test_theirs.py").write_text(source)
    command = [sys.executable, "-m", "pytest", "-q", "-W", "error", "--strict-markers", *arguments]
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "HTTP_PROXY": "http://127.0.0.1:9"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("source", "arguments", "count"),
    [(THEIRS, ("-p", "host_tools.twin.pytest_plugin"), 7), (ASYNC, (), 1)],
    ids=["plugin", "async"],
)
def test_it_runs_in_a_folder_of_theirs(
    tmp_path: Path, source: str, arguments: tuple[str, ...], count: int
) -> None:
    done = run_pytest(tmp_path, source, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{count} passed" in done.stdout


def test_the_fixtures_are_listed_with_what_they_are_for(tmp_path: Path) -> None:
    plugin = ("-p", "host_tools.twin.pytest_plugin")
    told = run_pytest(tmp_path, "", *plugin, "--fixtures").stdout
    assert "mqtt_twin " in told and "A twin of the test's own" in told
    assert "mqtt_twin(**options)" in run_pytest(tmp_path, "", *plugin, "--markers").stdout


def test_a_test_that_fails_leaves_nothing_running(tmp_path: Path) -> None:
    source = "def test_it(mqtt_twin):\n    print(mqtt_twin.mqtt_port)\n    assert False\n"
    done = run_pytest(tmp_path, source, "-p", "host_tools.twin.pytest_plugin")
    assert done.returncode == 1 and "1 failed" in done.stdout
    assert "Error" not in done.stderr
