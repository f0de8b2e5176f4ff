"""What the bench has put on flash, read and checked; ConfigError or CredentialError says what is wrong."""

from devcred import config, credential, networks, records, store
from devcred.errors import ConfigError, CredentialError
from devcred.log import event


def settings():
    """The configuration, every key present."""
    try:
        with open(config.PATH, "rb") as file:
            return config.parse(file.read(config.MAX_BYTES + 1))
    except OSError:
        raise ConfigError(config.PATH + " is missing")


def own_credential(given):
    """The stored credential, if it is this client ID's; CredentialError says why there is none."""
    payload = store.load(records.CREDENTIAL)
    if payload is None:
        blank = store.is_blank(records.CREDENTIAL)
        raise CredentialError("no record" if blank else "the record is truncated or garbled")
    try:
        own = credential.from_payload(payload)
    except ValueError as error:
        raise CredentialError(str(error))
    if own.client_id != given["client_id"]:
        raise CredentialError("the record is for another client ID than the configuration")
    event("credential", "client_id=%s key_id=%s presigned=%d" % (own.client_id, own.key_id, own.presigned))
    return own


def key_and_own(given):
    """(what proves us to the application server, the stored credential); each None where there is none.

    CredentialError where neither would do.
    """
    if not given["token_host"]:
        return None, own_credential(given)
    key = store.load(records.DEVICE_KEY)
    if key is None:
        raise CredentialError("no record of the device key")
    try:
        return key, own_credential(given)
    except CredentialError:
        return key, None


def wifi():
    """The networks to join, (SSID, password) pairs."""
    payload = store.load(records.WIFI)
    if payload is None:
        raise ConfigError("no record of Wi-Fi networks")
    try:
        return networks.from_payload(payload)
    except ValueError as error:
        raise ConfigError(str(error))


def tls_context(ca_path):
    """An SSLContext that verifies CA and host name."""
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_mode = ssl.CERT_REQUIRED  # type: ignore[attr-defined]  # missing in the stubs
    try:
        with open(ca_path, "rb") as file:
            context.load_verify_locations(cadata=file.read())
    except OSError:
        raise ConfigError(ca_path + " is missing")
    except ValueError:
        raise ConfigError(ca_path + " is not a certificate in DER")
    return context
