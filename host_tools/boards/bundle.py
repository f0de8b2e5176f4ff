"""What is put on a device: the agent, and what makes it this one device. Device path to content."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence

from cryptography import x509

from devcred import config, networks, records
from devcred.credential import Credential
from devcred.errors import ConfigError
from host_tools import paths
from host_tools.boards.agent_sources import module_files, small
from host_tools.boards.definition import Board
from host_tools.boards.features import chosen
from host_tools.boards.mpy import compile_file
from host_tools.boards.status import board_settings, check_settings
from host_tools.errors import UsageError
from host_tools.sources import umqtt_path

# Each record has two slots; the agent takes turns and believes the newest whole one.
CREDENTIAL_SLOTS = records.paths(records.CREDENTIAL)
WIFI_SLOTS = records.paths(records.WIFI)
KEY_SLOTS = records.paths(records.DEVICE_KEY)
SECRET_PATHS = CREDENTIAL_SLOTS + WIFI_SLOTS + KEY_SLOTS
_FIRST_SEQUENCE = 1
_UMQTT = "umqtt.simple"
_KEY_MIN_BYTES, _KEY_MAX_BYTES = 32, 128


def agent_files(
    board: Board, features: Iterable[str] | None = None, *, readable: bool = False
) -> dict[str, bytes]:
    """The agent's code for `board`, with the MQTT client where its firmware has none.

    One file of the features named, by default of those that the board's definition names; its
    tracebacks are read with `devcred traceback`. `readable`: the whole agent, a file a module, whose
    tracebacks speak for themselves.
    """
    files = {f"/{name}": (paths.FIRMWARE / name).read_bytes() for name in ("boot.py", "main.py")}
    files |= _modules() if readable else _small(carried_features(board, features))
    if _UMQTT not in board.frozen:
        name = "umqtt/simple.py"
        files["/lib/umqtt/simple.mpy"] = compile_file(umqtt_path() / name, name)
    return files


def carried_features(board: Board, features: Iterable[str] | None = None) -> list[str]:
    """What the agent that `agent_files` gives without `readable` carries, for `device_files`."""
    return chosen(board.features if features is None else features, board.id)


def _modules() -> dict[str, bytes]:
    names = {source: f"devcred/{source.name}" for source in module_files()}
    return {f"/lib/{name[:-3]}.mpy": compile_file(source, name) for source, name in names.items()}


def _small(features: Collection[str]) -> dict[str, bytes]:
    code, made = small(features)
    made.map.keep()
    return {"/lib/devcred/agent.mpy": code}


def device_files(
    given: Mapping[str, object],
    ca_der: bytes,
    credential: Credential | None,
    wifi: Sequence[tuple[str, str]],
    board: Board | None = None,
    carried: Iterable[str] | None = None,
    *,
    device_key: bytes | None = None,
    token_ca_der: bytes | None = None,
) -> dict[str, bytes]:
    """Configuration, CA certificate and secret records of one device.

    With `board`, its LED and button are put into the configuration, where `given` says nothing of them.
    `carried`: the features of its agent, by default all; one that does not check its configuration
    gets every key of it.
    A device that has an application server (`token_host`) needs a `device_key` for it, and may
    do without a `credential`, which it then asks for. `token_ca_der` goes to `token_ca_path`.
    UsageError if the configuration breaks a rule or is another device's, if a certificate is
    none in DER, if a network's name or password cannot be one, or if something is missing.
    """
    given = (board_settings(board) if board else {}) | dict(given)
    settings = _settings(given, credential, device_key)
    whole = carried is None
    features = frozenset(carried or ())
    if not whole:
        _login(credential, device_key, features)
    written = given if whole or "checks" in features else settings
    files = {
        config.PATH: json.dumps(written, indent=1, sort_keys=True).encode(),
        settings["ca_path"]: _certificate(ca_der),
        WIFI_SLOTS[0]: records.pack(records.WIFI, _FIRST_SEQUENCE, _networks(wifi)),
    }
    if credential is not None:
        files[CREDENTIAL_SLOTS[0]] = records.pack(records.CREDENTIAL, _FIRST_SEQUENCE, credential.payload())
    if device_key is not None:
        files[KEY_SLOTS[0]] = records.pack(records.DEVICE_KEY, _FIRST_SEQUENCE, _device_key(device_key))
    if bool(settings["token_ca_path"]) != (token_ca_der is not None):
        raise UsageError(
            "token_ca_path and the CA certificate to put there go together",
            where="device configuration",
            do="give both, or neither where the CA is the same as the broker's",
        )
    if token_ca_der is not None:
        files[settings["token_ca_path"]] = _certificate(token_ca_der)
    return files


def _device_key(given: bytes) -> bytes:
    key = given.strip()
    if not _KEY_MIN_BYTES <= len(key) <= _KEY_MAX_BYTES or not all(0x21 <= byte <= 0x7E for byte in key):
        raise UsageError(
            f"must be {_KEY_MIN_BYTES} to {_KEY_MAX_BYTES} printable ASCII characters",
            where="device key",
            do="give the file that the token server wrote",
        )
    return key


def _settings(
    given: Mapping[str, object], credential: Credential | None, device_key: bytes | None
) -> dict[str, str]:
    try:
        settings: dict[str, str] = config.parse(json.dumps(dict(given)))
    except (ConfigError, TypeError) as error:
        raise UsageError(str(error), where="device configuration", do="mend it") from None
    check_settings(settings)
    if bool(settings["token_host"]) != (device_key is not None):
        raise UsageError(
            "token_host and a device key go together",
            where="device configuration",
            do="give both, or neither",
        )
    if credential is None:
        if device_key is None:
            raise UsageError(
                "a device needs a credential, or a device key to ask for one", where="device", do="give one"
            )
        return settings
    if settings["client_id"] != credential.client_id:
        raise UsageError(
            f"client_id: is {settings['client_id']}, the credential is for {credential.client_id}",
            where="device configuration",
            do="give the credential of the same device",
        )
    return settings


def _login(credential: Credential | None, device_key: bytes | None, features: Collection[str]) -> None:
    if device_key is not None and "renewal" not in features:
        raise UsageError(
            "is for asking for tokens, which this build of the agent leaves out",
            where="device key",
            do="add the feature renewal, or give tokens or a device credential without it",
        )
    if credential is not None and credential.username.startswith("Token|") and "token" not in features:
        raise UsageError(
            "is made of tokens, which this build of the agent leaves out",
            where="credential",
            do="add the feature token, or give a device credential",
        )


def _networks(wifi: Sequence[tuple[str, str]]) -> bytes:
    try:
        payload: bytes = networks.to_payload(list(wifi))
    except ValueError as error:
        raise UsageError(str(error), where="Wi-Fi", do="mend the list of networks") from None
    return payload


def _certificate(der: bytes) -> bytes:
    if b"-----BEGIN" in der:
        raise UsageError(
            "is PEM text, the device reads DER",
            where="CA certificate",
            do="convert it: openssl x509 -in ca.pem -outform DER -out ca.der",
        )
    try:
        x509.load_der_x509_certificate(der)
    except ValueError:
        raise UsageError(
            "is not an X.509 certificate in DER",
            where="CA certificate",
            do="give the certificate that signed the server's, converted to DER",
        ) from None
    return der
