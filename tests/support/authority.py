"""A time-stamp authority of our own: ``openssl ts`` with a root, an intermediate and a signing certificate made here.

``Authority`` is the real thing, over files or over HTTP on loopback. ``forged`` signs what OpenSSL refuses to sign:
other times, other algorithms, identifiers that do not match. All names and keys are synthetic.
"""

from __future__ import annotations

import hashlib
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import attrs
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from dblrandom.kernel._der import BOOLEAN, GENERAL_TIME, INTEGER, NULL, OCTETS, SEQUENCE, SET, context, encode

DAY = timedelta(days=1)
SIGNED = datetime(2024, 3, 1, 12, tzinfo=UTC)
"""When forged tokens say that they were made."""

OIDS = {
    "sha1": "06052b0e03021a",
    "sha256": "0609608648016503040201",
    "sha512": "0609608648016503040203",
    "signed-data": "06092a864886f70d010702",
    "data": "06092a864886f70d010701",
    "tst-info": "060b2a864886f70d0109100104",
    "content-type": "06092a864886f70d010903",
    "message-digest": "06092a864886f70d010904",
    "signing-certificate": "060b2a864886f70d010910020c",
    "signing-certificate-v2": "060b2a864886f70d010910022f",
    "rsa-sha1": "06092a864886f70d010105",
    "rsa": "06092a864886f70d010101",
    "ecdsa-sha256": "06082a8648ce3d040302",
    "policy": "06042a030401",
}


def now() -> datetime:
    """The present second."""
    return datetime.now(UTC).replace(microsecond=0)


def text(moment: datetime) -> str:
    """A time as receipts have it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


@cache
def key(kind: str, name: str) -> Any:
    """A key of this kind, one for each name."""
    if kind.startswith("rsa"):
        return rsa.generate_private_key(65537, int(kind[3:] or 2048))
    return ec.generate_private_key(ec.SECP256R1())


@attrs.frozen
class Certified:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: Any

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)


def certified(
    name: str,
    issuer: Certified | None = None,
    *,
    kind: str = "ec",
    start: datetime = SIGNED - 30 * DAY,
    end: datetime = SIGNED + 365 * DAY,
    ca: bool | None = True,
    path_length: int | None = None,
    purposes: Sequence[x509.ObjectIdentifier] = (),
    critical: bool = True,
    usage: str | None = None,
    algorithm: Any = None,
    more: Sequence[x509.ExtensionType] = (),
    key_name: str | None = None,
) -> Certified:
    """A certificate by ``issuer``, or by itself. ``usage``: ``sign``, ``issue`` or ``encrypt``."""
    own = key(kind, key_name or name)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"synthetic {name}")])
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(own.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
    )
    if ca is not None:
        built = built.add_extension(x509.BasicConstraints(ca, path_length), critical=True)
    if purposes:
        built = built.add_extension(x509.ExtendedKeyUsage(purposes), critical=critical)
    if usage:
        bits = dict.fromkeys(
            "digital_signature content_commitment key_encipherment data_encipherment key_agreement "
            "key_cert_sign crl_sign encipher_only decipher_only".split(),
            False,
        )
        bits[{"sign": "digital_signature", "issue": "key_cert_sign", "encrypt": "key_encipherment"}[usage]] = True
        built = built.add_extension(x509.KeyUsage(**bits), critical=True)
    for extension in more:
        built = built.add_extension(extension, critical=True)
    signed = built.sign(issuer.key if issuer else own, algorithm or hashes.SHA256())
    return Certified(signed, own)


def stamping(name: str, issuer: Certified, **changes: Any) -> Certified:
    """An authority's own certificate: for time stamps and nothing else."""
    basic: dict[str, Any] = {"ca": False, "purposes": (ExtendedKeyUsageOID.TIME_STAMPING,), "usage": "sign"}
    return certified(name, issuer, **basic | changes)


@attrs.frozen
class Chain:
    """Root, intermediate and the authority's own certificate."""

    root: Certified
    middle: Certified
    leaf: Certified

    @property
    def ders(self) -> list[bytes]:
        return [self.leaf.der, self.middle.der, self.root.der]


def chain(name: str = "authority", kind: str = "ec", *, span: Any = None, **leaf: Any) -> Chain:
    """A chain of three; ``span`` is the (start, end) of root and intermediate, ``leaf`` changes the last."""
    dates = {} if span is None else {"start": span[0], "end": span[1]}
    root = certified(f"{name} root", kind=kind, usage="issue", **dates)
    middle = certified(f"{name} intermediate", root, kind=kind, usage="issue", path_length=0, **dates)
    return Chain(root, middle, stamping(f"{name} signer", middle, **{"kind": kind, **dates, **leaf}))


_CONFIG = """
[tsa]
default_tsa = here
[here]
serial = {folder}/serial
signer_cert = {folder}/signer.pem
signer_key = {folder}/signer.key
certs = {folder}/certs.pem
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
accuracy = secs:1, millisecs:500
clock_precision_digits = 3
ess_cert_id_alg = {identifier}
"""


class Authority:
    """``openssl ts`` behind a folder, and behind HTTP within :meth:`serving`."""

    def __init__(self, folder: Path, the_chain: Chain, *, identifier: str = "sha256") -> None:
        self.chain = the_chain
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        private = the_chain.leaf.key.private_bytes(
            Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (folder / "signer.key").write_bytes(private)
        (folder / "signer.pem").write_bytes(the_chain.leaf.pem)
        (folder / "certs.pem").write_bytes(the_chain.middle.pem)
        (folder / "root.pem").write_bytes(the_chain.root.pem)
        (folder / "serial").write_text("01\n")
        (folder / "openssl.cnf").write_text(_CONFIG.format(folder=folder, identifier=identifier))
        self.asked: list[bytes] = []
        self.answer: Any = self.reply
        self._lock = threading.Lock()

    def reply(self, query: bytes) -> bytes:
        """The response to a request, granted or not."""
        with self._lock:
            asked, answered = self.folder / "asked.tsq", self.folder / "answered.tsr"
            asked.write_bytes(query)
            run("ts", "-reply", "-config", self.folder / "openssl.cnf", "-queryfile", asked, "-out", answered)
            return answered.read_bytes()

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Answer over HTTP at the address that is yielded."""
        authority = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                query = self.rfile.read(int(self.headers["Content-Length"]))
                right = self.headers["Content-Type"] == "application/timestamp-query"
                authority.asked.append(query)
                body = authority.answer(query) if right else b""
                self.send_response(200 if right else 415)
                self.send_header("Content-Type", "application/timestamp-reply")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/tsa"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


def run(*arguments: object) -> str:
    """Run openssl; what it prints."""
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise AssertionError(f"openssl {arguments[0]}: {done.stderr or done.stdout}")
    return done.stdout


def oid(name: str) -> bytes:
    """The DER of a known identifier."""
    return bytes.fromhex(OIDS[name])


def algorithm(name: str) -> bytes:
    """An AlgorithmIdentifier."""
    return encode(SEQUENCE, oid(name), encode(NULL)) if name != "ecdsa-sha256" else encode(SEQUENCE, oid(name))


def number(value: int) -> bytes:
    """An INTEGER of any sign."""
    return encode(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def octets(data: bytes) -> bytes:
    """An OCTET STRING."""
    return encode(OCTETS, data)


def tst_info(imprint: bytes, **changes: Any) -> bytes:
    """The text of a time stamp; ``tail`` is whatever comes after the time."""
    hashed = changes.get("imprint_algorithm", "sha256")
    when = changes.get("when", SIGNED.strftime("%Y%m%d%H%M%SZ"))
    return encode(
        SEQUENCE,
        number(changes.get("version", 1)),
        oid("policy"),
        encode(SEQUENCE, algorithm(hashed), octets(imprint)),
        number(changes.get("serial", 7)),
        encode(GENERAL_TIME, when.encode()),
        changes.get("tail", b""),
    )


def identifiers(certificate: bytes, names: Sequence[str] = ("sha256",)) -> list[bytes]:
    """Signed attributes that identify a certificate, by SHA-1 in the old form or by another hash in the new one."""
    found = []
    for name in names:
        digest = octets(hashlib.new(name, certificate).digest())
        stated = b"" if name in ("sha1", "sha256") else algorithm(name)
        kind = "signing-certificate" if name == "sha1" else "signing-certificate-v2"
        found.append(attribute(kind, encode(SEQUENCE, encode(SEQUENCE, encode(SEQUENCE, stated, digest)))))
    return found


def attribute(name: str, *values: bytes) -> bytes:
    """A signed attribute."""
    return encode(SEQUENCE, oid(name), encode(SET, *values))


def forged(signer: Certified, imprint: bytes, **changes: Any) -> bytes:
    """A token signed here.

    Changes: those of :func:`tst_info`, ``named`` (the certificate that the token identifies), ``identifiers`` (the
    attributes that do so), ``digest``, ``content_type``, ``carried`` (certificates), ``attributes`` (further ones).
    """
    info = changes.get("info") or tst_info(imprint, **changes)
    named: bytes = changes.get("named", signer.der)
    hashed = changes.get("digest", "sha256")
    signed = [
        attribute("content-type", oid(changes.get("content_type", "tst-info"))),
        attribute("message-digest", octets(hashlib.new(hashed, changes.get("signed_info", info)).digest())),
        *changes.get("identifiers", identifiers(named)),
        *changes.get("attributes", ()),
    ]
    attributes = b"".join(sorted(signed))
    scheme = hashes.SHA1() if hashed == "sha1" else hashes.SHA256()
    if isinstance(signer.key, rsa.RSAPrivateKey):
        value = signer.key.sign(encode(SET, attributes), padding.PKCS1v15(), scheme)
        method = "rsa-sha1" if hashed == "sha1" else "rsa"
    else:
        value = signer.key.sign(encode(SET, attributes), ec.ECDSA(scheme))
        method = "ecdsa-sha256"
    identity = encode(SEQUENCE, signer.certificate.issuer.public_bytes(), number(signer.certificate.serial_number))
    info_of_signer = encode(
        SEQUENCE,
        number(1),
        identity,
        algorithm(hashed),
        encode(context(0), attributes),
        algorithm(method),
        octets(value),
    )
    carried = b"".join(sorted(changes.get("carried", [signer.der])))
    data = encode(
        SEQUENCE,
        number(3),
        encode(SET, algorithm(hashed)),
        encode(SEQUENCE, oid("tst-info"), encode(context(0), octets(info))),
        encode(context(0), carried) if carried else b"",
        encode(SET, info_of_signer),
    )
    return encode(SEQUENCE, oid("signed-data"), encode(context(0), data))


def response(token: bytes = b"", status: int = 0, said: str = "") -> bytes:
    """An authority's response."""
    words = encode(SEQUENCE, encode(0x0C, said.encode())) if said else b""
    return encode(SEQUENCE, encode(SEQUENCE, number(status), words), token)


def critical_extension() -> bytes:
    """Extensions of a time stamp that nobody understands and that must be."""
    return encode(context(1), encode(SEQUENCE, oid("policy"), encode(BOOLEAN, b"\xff"), octets(b"")))
