"""The twin's own certification authority, and a server certificate under it.

P-256 keys: the smallest handshake that mbedTLS and OpenSSL both take.
"""

import datetime as dt
import ipaddress
import os
import ssl
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

# A board whose clock is a little behind must not be turned away.
_BACKDATED = dt.timedelta(days=30)
_CA_LIFE = dt.timedelta(days=3650)
_SERVER_LIFE = dt.timedelta(days=398)
_ENCODING = serialization.Encoding


@dataclass(frozen=True)
class Authority:
    """A CA; `key_pem` signs, so it is as secret as a secret gets here."""

    certificate_pem: str
    key_pem: str = field(repr=False)

    @property
    def certificate(self) -> x509.Certificate:
        return x509.load_pem_x509_certificate(self.certificate_pem.encode())

    @property
    def der(self) -> bytes:
        """What a device trusts."""
        return self.certificate.public_bytes(_ENCODING.DER)


def keep_authority(keep: Callable[[str, Callable[[], str]], str], now_s: float) -> Authority:
    """The CA that `keep(name, make)` has stored, or a new one that it then stores."""
    made: list[Authority] = []

    def make_key() -> str:
        made.append(new_authority(now_s))
        return made[0].key_pem

    key_pem = keep("ca_key", make_key)
    return Authority(keep("ca_certificate", lambda: made[0].certificate_pem), key_pem)


def new_authority(now_s: float) -> Authority:
    """A self-signed CA, valid from a while before `now_s`."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("devcred twin CA")
    builder = _builder(name, name, key.public_key(), now_s, _CA_LIFE)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_usage(signs_certificates=True), critical=True)
    certificate = builder.sign(key, hashes.SHA256())
    return Authority(certificate.public_bytes(_ENCODING.PEM).decode(), _pem(key).decode())


def server_context(authority: Authority, names: list[str], now_s: float) -> ssl.SSLContext:
    """A TLS context with a fresh server certificate for `names` (host names and IP addresses)."""
    key = ec.generate_private_key(ec.SECP256R1())
    chain = _server_certificate(authority, names, key.public_key(), now_s).public_bytes(_ENCODING.PEM)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # OpenSSL reads certificates from files alone: mkdtemp's folder is 0700, and is gone when we leave.
    with tempfile.TemporaryDirectory(prefix="devcred-twin-") as folder:
        path = Path(folder, "server.pem")
        with open(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600), "wb") as file:
            file.write(_pem(key) + chain)
        context.load_cert_chain(path)
    return context


def _server_certificate(
    authority: Authority, names: list[str], public_key: ec.EllipticCurvePublicKey, now_s: float
) -> x509.Certificate:
    issuer = authority.certificate
    signing_key = serialization.load_pem_private_key(authority.key_pem.encode(), None)
    assert isinstance(signing_key, ec.EllipticCurvePrivateKey)
    builder = _builder(_name(names[0]), issuer.subject, public_key, now_s, _SERVER_LIFE)
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
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now_s: float, life: dt.timedelta
) -> x509.CertificateBuilder:
    start = dt.datetime.fromtimestamp(int(now_s), dt.UTC) - _BACKDATED
    builder = x509.CertificateBuilder(subject_name=subject, issuer_name=issuer, public_key=key)
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(start)
    builder = builder.not_valid_after(start + life)
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
