"""Makes the twin's own certification authority, and server certificates under it.

P-256 keys: the smallest handshake that mbedTLS and OpenSSL both take.
"""

import datetime as dt
import ipaddress

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from host_tools.twin.authority import Authority

# Before the build date of any agent: a board that no time server has answered lives by that date, and must
# not be turned away, however much later the twin is started.
_SINCE_S = dt.datetime(2026, 1, 1, tzinfo=dt.UTC).timestamp()
_BACKDATED_S = 30 * 86_400
_CA_LIFE_S = 3650 * 86_400
_SERVER_LIFE_S = 368 * 86_400
_ENCODING = serialization.Encoding


def new_authority(now_s: float) -> Authority:
    """A self-signed CA, valid long before `now_s` and for ten years after."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("devcred twin CA")
    builder = _builder(name, name, key.public_key(), _since_s(now_s), now_s + _CA_LIFE_S)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_usage(signs_certificates=True), critical=True)
    certificate = builder.sign(key, hashes.SHA256())
    return Authority(certificate.public_bytes(_ENCODING.PEM).decode(), _pem(key).decode())


def server_pem(authority: Authority, names: list[str], now_s: float, since_s: float | None = None) -> str:
    """The key and the certificate of a server with these `names` (host names and IP addresses).

    Valid from `since_s`, by default long before `now_s`, and for a year after `now_s`.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    dates_s = (_since_s(now_s) if since_s is None else since_s, now_s + _SERVER_LIFE_S)
    chain = _server_certificate(authority, names, key.public_key(), dates_s).public_bytes(_ENCODING.PEM)
    return (_pem(key) + chain).decode()


def _since_s(now_s: float) -> float:
    return min(_SINCE_S, now_s - _BACKDATED_S)


def _server_certificate(
    authority: Authority,
    names: list[str],
    public_key: ec.EllipticCurvePublicKey,
    dates_s: tuple[float, float],
) -> x509.Certificate:
    issuer = x509.load_pem_x509_certificate(authority.certificate_pem.encode())
    signing_key = serialization.load_pem_private_key(authority.key_pem.encode(), None)
    assert isinstance(signing_key, ec.EllipticCurvePrivateKey)
    builder = _builder(_name(names[0]), issuer.subject, public_key, *dates_s)
    extensions: list[tuple[x509.ExtensionType, bool]] = [
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (_usage(signs_certificates=False), True),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
        (x509.SubjectAlternativeName([_general_name(name) for name in names]), False),
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(signing_key.public_key()), False),
    ]
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(signing_key, hashes.SHA256())


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, since_s: float, until_s: float
) -> x509.CertificateBuilder:
    start, end = (dt.datetime.fromtimestamp(int(each_s), dt.UTC) for each_s in (since_s, until_s))
    builder = x509.CertificateBuilder(subject_name=subject, issuer_name=issuer, public_key=key)
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(start)
    builder = builder.not_valid_after(end)
    return builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(_ENCODING.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
