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
SECRET_PATHS = CREDENTIAL_SLOTS + WIFI_SLOTS
_FIRST_SEQUENCE = 1
_UMQTT = "umqtt.simple"


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
    credential: Credential,
    wifi: Sequence[tuple[str, str]],
    board: Board | None = None,
    carried: Iterable[str] | None = None,
) -> dict[str, bytes]:
    """Configuration, CA certificate and secret records of one device.

    With `board`, its LED and button are put into the configuration, where `given` says nothing of them.
    `carried`: the features of its agent, by default all; one that does not check its configuration
    gets every key of it.
    UsageError if the configuration breaks a rule or is another device's, if `ca_der` is no
    X.509 certificate in DER, or if a network's name or password cannot be one.
    """
    given = (board_settings(board) if board else {}) | dict(given)
    settings = _settings(given, credential)
    whole = carried is None
    features = frozenset(carried or ())
    _login(credential, whole or "token" in features)
    written = given if whole or "checks" in features else settings
    return {
        config.PATH: json.dumps(written, indent=1, sort_keys=True).encode(),
        settings["ca_path"]: _certificate(ca_der),
        CREDENTIAL_SLOTS[0]: records.pack(records.CREDENTIAL, _FIRST_SEQUENCE, credential.payload()),
        WIFI_SLOTS[0]: records.pack(records.WIFI, _FIRST_SEQUENCE, _networks(wifi)),
    }


def _settings(given: Mapping[str, object], credential: Credential) -> dict[str, str]:
    try:
        settings: dict[str, str] = config.parse(json.dumps(dict(given)))
    except (ConfigError, TypeError) as error:
        raise UsageError(str(error), where="device configuration", do="mend it") from None
    check_settings(settings)
    if settings["client_id"] != credential.client_id:
        raise UsageError(
            f"client_id: is {settings['client_id']}, the credential is for {credential.client_id}",
            where="device configuration",
            do="give the credential of the same device",
        )
    return settings


def _login(credential: Credential, has_tokens: bool) -> None:
    if credential.username.startswith("Token|") and not has_tokens:
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
