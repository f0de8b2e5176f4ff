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

# A board whose clock is a little behind must not be turned away.
_BACKDATED = dt.timedelta(days=30)
_CA_LIFE = dt.timedelta(days=3650)
_SERVER_LIFE = dt.timedelta(days=398)
_ENCODING = serialization.Encoding


def new_authority(now_s: float) -> Authority:
    """A self-signed CA, valid from a while before `now_s`."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("devcred twin CA")
    builder = _builder(name, name, key.public_key(), now_s, _CA_LIFE)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_usage(signs_certificates=True), critical=True)
    certificate = builder.sign(key, hashes.SHA256())
    return Authority(certificate.public_bytes(_ENCODING.PEM).decode(), _pem(key).decode())


def server_pem(authority: Authority, names: list[str], now_s: float) -> str:
    """The key and the certificate of a server with these `names` (host names and IP addresses)."""
    key = ec.generate_private_key(ec.SECP256R1())
    chain = _server_certificate(authority, names, key.public_key(), now_s).public_bytes(_ENCODING.PEM)
    return (_pem(key) + chain).decode()


def _server_certificate(
    authority: Authority, names: list[str], public_key: ec.EllipticCurvePublicKey, now_s: float
) -> x509.Certificate:
    issuer = x509.load_pem_x509_certificate(authority.certificate_pem.encode())
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
