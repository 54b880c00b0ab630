# SPDX-License-Identifier: Apache-2.0
"""usage: certificates.py FOLDER: certificates of a CA of our own, good ones and bad ones.

Writes ca.pem, other-ca.pem, crl.pem, empty-crl.pem, and NAME.pem (chain) with NAME.key for: edge
(edge.example, localhost, 127.0.0.1), edge2 (the same names, newer), wild (*.care.example), expired,
future, wronghost, selfsigned, stranger (of another CA), revoked, no-san, weak (RSA 1024); for clients
client (URI tenant:acme, DNS acme), client-globex (URI tenant:globex), client-both (URIs of the two),
client-nobody (URI tenant:nobody), client-host (DNS), stranger-client, revoked-client. Keys can be read by their owner only.
"""
import datetime
import ipaddress
import os
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)
NOW = datetime.datetime.now(datetime.timezone.utc)
DAY = datetime.timedelta(days=1)


def name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def write(file, data):
    with open(os.open(os.path.join(folder, file), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(data)


def pem(*certificates):
    return b"".join(c.public_bytes(serialization.Encoding.PEM) for c in certificates)


def key_pem(key):
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def authority(text):
    key = ec.generate_private_key(ec.SECP256R1())
    builder = (
        x509.CertificateBuilder().subject_name(name(text)).issuer_name(name(text))
        .public_key(key.public_key()).serial_number(x509.random_serial_number())
        .not_valid_before(NOW - DAY).not_valid_after(NOW + 3650 * DAY)
        .add_extension(x509.BasicConstraints(ca=True, path_length=1), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.KeyUsage(False, False, False, False, False, True, True, False, False),
                       critical=True)
    )
    return key, builder.sign(key, hashes.SHA256())


ca_key, ca = authority("Banyan test CA")
other_key, other = authority("Another CA")


def leaf(file, names, begin=-1, end=90, issuer=None, key=None, usage=ExtendedKeyUsageOID.SERVER_AUTH,
         common=None):
    key = key or ec.generate_private_key(ec.SECP256R1())
    issuer_key, issuer_certificate = issuer or (ca_key, ca)
    builder = (
        x509.CertificateBuilder().subject_name(name(common or file)).issuer_name(issuer_certificate.subject)
        .public_key(key.public_key()).serial_number(x509.random_serial_number())
        .not_valid_before(NOW + begin * DAY).not_valid_after(NOW + end * DAY)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()),
            critical=False)
        .add_extension(x509.KeyUsage(True, False, False, False, False, False, False, False, False),
                       critical=True)
        .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    certificate = builder.sign(issuer_key, hashes.SHA256())
    write(f"{file}.pem", pem(certificate))
    write(f"{file}.key", key_pem(key))
    return certificate


def dns(*names):
    return [x509.DNSName(one) for one in names]


HERE = [*dns("edge.example", "localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
write("ca.pem", pem(ca))
write("other-ca.pem", pem(other))
leaf("edge", HERE, common="edge.example")
leaf("edge2", HERE, common="edge.example")
leaf("wild", dns("*.care.example"))
leaf("expired", HERE, begin=-60, end=-1)
leaf("future", HERE, begin=5, end=60)
leaf("wronghost", dns("other.example"))
leaf("no-san", [], common="edge.example")
key = ec.generate_private_key(ec.SECP256R1())
own = (
    x509.CertificateBuilder().subject_name(name("edge.example")).issuer_name(name("edge.example"))
    .public_key(key.public_key()).serial_number(x509.random_serial_number())
    .not_valid_before(NOW - DAY).not_valid_after(NOW + 90 * DAY)
    .add_extension(x509.SubjectAlternativeName(HERE), critical=False).sign(key, hashes.SHA256())
)
write("selfsigned.pem", pem(own))
write("selfsigned.key", key_pem(key))
leaf("stranger", HERE, issuer=(other_key, other))
revoked = leaf("revoked", HERE)
leaf("weak", HERE, key=rsa.generate_private_key(65537, 1024))
leaf("client", [x509.UniformResourceIdentifier("tenant:acme"), x509.DNSName("acme")],
     usage=ExtendedKeyUsageOID.CLIENT_AUTH)
leaf("client-globex", [x509.UniformResourceIdentifier("tenant:globex")], usage=ExtendedKeyUsageOID.CLIENT_AUTH)
leaf("client-both", [x509.UniformResourceIdentifier("tenant:" + one) for one in ("acme", "globex")],
     usage=ExtendedKeyUsageOID.CLIENT_AUTH)
leaf("client-nobody", [x509.UniformResourceIdentifier("tenant:nobody"), x509.DNSName("host.example")],
     usage=ExtendedKeyUsageOID.CLIENT_AUTH)
leaf("client-host", dns("ACME.care.example"), usage=ExtendedKeyUsageOID.CLIENT_AUTH)
leaf("stranger-client", dns("acme"), issuer=(other_key, other), usage=ExtendedKeyUsageOID.CLIENT_AUTH)
revoked_client = leaf("revoked-client", dns("acme"), usage=ExtendedKeyUsageOID.CLIENT_AUTH)


def crl(file, *certificates):
    builder = (
        x509.CertificateRevocationListBuilder().issuer_name(ca.subject)
        .last_update(NOW - DAY).next_update(NOW + 30 * DAY)
    )
    for certificate in certificates:
        builder = builder.add_revoked_certificate(
            x509.RevokedCertificateBuilder().serial_number(certificate.serial_number)
            .revocation_date(NOW - DAY).build()
        )
    write(file, builder.sign(ca_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))


crl("crl.pem", revoked, revoked_client)
crl("empty-crl.pem")
print("written")
