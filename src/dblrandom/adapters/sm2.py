"""SM2 signatures through the ``openssl`` command (GB/T 32918.2 with SM3; docs/spec, signatures).

The library ``cryptography`` has no SM2, and a signer that takes its nonces from a predictable generator gives its
private key away. OpenSSL 3 is on nearly every machine and does it properly. It is trusted to say whether a signature's
equation holds; the form of keys and signatures is decided in the kernel before it is asked.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import IO, cast

import attrs

from dblrandom.adapters.files import create, os_failure, read_bytes
from dblrandom.adapters.programs import find_program
from dblrandom.errors import FolderError, KeyFileError, MissingExtra
from dblrandom.kernel.pem import private_from_pem, private_to_pem, public_to_pem
from dblrandom.kernel.schemes import SCHEMES, SM2_ORDER, Scheme, check_sm2_key, sm2_integers
from dblrandom.kernel.signing import keyid
from dblrandom.model.portable import Bound

__all__ = ["DISTINGUISHING_ID", "Sm2", "Sm2Signer", "all_schemes"]

DISTINGUISHING_ID = "1234567812345678"
"""The signer's identity that SM2 hashes before the message: always the default of GM/T 0009-2012, in ASCII."""

_RAW = ("-rawin", "-digest", "sm3", "-pkeyopt", f"distid:{DISTINGUISHING_ID}")
_STDIN = "/dev/stdin"
_MAX_OUTPUT = 64 * 1024


@attrs.frozen
class Sm2:
    """The scheme ``sm2``, checked by a command.

    Args:
        command: OpenSSL's command line tool, found through ``PATH`` where it is a bare name.
        seconds: how long one answer may take.
    """

    command: str = "openssl"
    seconds: float = 10

    @property
    def algorithm(self) -> str:
        """``sm2``."""
        return "sm2"

    def check_public_key(self, public_key: bytes, where: str = "public key") -> None:
        """See :func:`dblrandom.kernel.schemes.check_sm2_key`; asks no command."""
        check_sm2_key(public_key, where)

    def verify(self, public_key: bytes, signature: bytes, message: bytes) -> None:
        """Check one signature in DER under the default identity; returns nothing.

        Raises:
            KeyFileError: the signature does not hold, for whatever reason.
            MissingExtra: the command is not there, knows no SM2, or gives no plain answer; nothing is known then.
            FolderError: there is no room for temporary files.
        """
        where = "SM2 signature"
        check_sm2_key(public_key, where)
        sm2_integers(signature, where)
        with _files(key=public_to_pem(public_key), sig=signature, message=message) as at:
            code, output = self.ask(
                "pkeyutl", "-verify", "-pubin", "-inkey", at("key"), *_RAW, "-in", at("message"), "-sigfile", at("sig")
            )
        lines = output.splitlines()
        if code == 0 and b"Signature Verified Successfully" in lines:
            return
        if code == 1 and b"Signature Verification Failure" in lines:
            raise KeyFileError("does not match the key and the message", where=where)
        raise self.unable("check a signature", code, output)

    def ask(self, *arguments: str, given: bytes = b"") -> tuple[int, bytes]:
        """The exit code and the output of one call of the command, with ``given`` as its standard input.

        Nothing of the environment is handed on, so that no variable can make OpenSSL load a configuration or module.

        Raises:
            MissingExtra: it cannot be started, is too slow, or says too much.
        """
        program = find_program(self.command)
        if program is None:
            raise MissingExtra(
                f"SM2 needs the command {self.command}, which is in no absolute folder of PATH; install OpenSSL 3"
            )
        try:
            process = subprocess.Popen(  # noqa: S603 - a list and no shell; no argument comes from outside
                [program, *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env={"LC_ALL": "C"} | {n: os.environ[n] for n in ("SYSTEMROOT",) if n in os.environ},
                start_new_session=True,
            )
        except OSError as error:
            raise MissingExtra(f"{program} cannot be started: {error.strerror}; install OpenSSL 3") from error
        with process:
            code, output = _finish(process, given, self.seconds)
        if len(output) > _MAX_OUTPUT:
            raise MissingExtra(f"{program} prints more than any answer could need; install OpenSSL 3")
        if code is None:
            raise MissingExtra(f"{program} gave no answer within {self.seconds} s; try again or install OpenSSL 3")
        return code, output

    def unable(self, doing: str, code: int, output: bytes) -> MissingExtra:
        """The error for an answer that is neither yes nor no."""
        said = output.decode("ascii", "backslashreplace").strip().partition("\n")[0][:100] or "no word"
        return MissingExtra(f"{self.command} cannot {doing} with SM2 (exit {code}, {said}); install OpenSSL 3 with SM2")


@attrs.frozen
class Sm2Signer(Bound):
    """An SM2 key in memory; its representation shows the key id only."""

    _instead = "read the private key again in the other process"

    public_key: bytes = attrs.field(repr=False)
    keyid: str
    _pem: bytes = attrs.field(repr=False, eq=False)
    _scheme: Sm2 = attrs.field(repr=False, eq=False)

    @classmethod
    def from_pem(cls, pem: bytes, where: str = "SM2 key", scheme: Sm2 | None = None) -> Sm2Signer:
        """The signer of a private key in PKCS#8 PEM, not encrypted, as ``openssl genpkey -algorithm SM2`` writes it.

        Raises:
            KeyFileError: no such key, or its public key is not that of its private key.
            MissingExtra: there is no OpenSSL with SM2.
        """
        scheme = scheme or Sm2()
        algorithm, der = private_from_pem(pem, where)
        if algorithm != "sm2":
            raise KeyFileError(f"is a key of {algorithm}, not of sm2", where=where)
        public = der[-65:]
        check_sm2_key(public, where)
        if not 1 <= int.from_bytes(der[36:68], "big") <= SM2_ORDER - 2:
            raise KeyFileError("its private key is not from 1 to n - 2; make another", where=where)
        made = cls(public_key=public, keyid=keyid(public), pem=private_to_pem(der, "sm2"), scheme=scheme)
        code, output = made._ask("pkey", "-check", "-noout", key_option="-in")
        if b"Key is invalid" in output.splitlines():
            raise KeyFileError("its public key does not belong to its private key; make another", where=where)
        if code != 0 or b"Key is valid" not in output.splitlines():
            raise scheme.unable("read a key", code, output)
        return made

    @classmethod
    def generate(cls, scheme: Sm2 | None = None) -> Sm2Signer:
        """A new key from OpenSSL's generator.

        Raises:
            MissingExtra: there is no OpenSSL with SM2.
        """
        scheme = scheme or Sm2()
        code, output = scheme.ask("genpkey", "-algorithm", "SM2")
        try:
            return cls.from_pem(output, "new SM2 key", scheme)
        except KeyFileError as error:
            raise scheme.unable("make a key", code, output if code else b"") from error

    @property
    def algorithm(self) -> str:
        """``sm2``."""
        return "sm2"

    def to_pem(self) -> bytes:
        """The private key in PKCS#8 PEM, not encrypted, for a file that only its owner can read."""
        return self._pem

    def sign(self, message: bytes) -> bytes:
        """A signature of ``message`` in DER, checked before it is handed out.

        Raises:
            KeyFileError: what came out is not a good signature; sign again.
            MissingExtra: OpenSSL is gone or gives no signature.
            FolderError: there is no room for temporary files.
        """
        with _files(message=message) as at:
            code, output = self._ask("pkeyutl", "-sign", *_RAW, "-in", at("message"), "-out", at("sig"))
            try:
                signature = read_bytes(at("sig"), 1024)
            except FolderError as error:
                raise self._scheme.unable("sign", code, output) from error
        self._scheme.verify(self.public_key, signature, message)
        return signature

    def _ask(self, *arguments: str, key_option: str = "-inkey") -> tuple[int, bytes]:
        """Ask with the private key: through a pipe where a path names one, else a file, and never on a command line."""
        if os.path.exists(_STDIN):
            return self._scheme.ask(*arguments, key_option, _STDIN, given=self._pem)
        with _files(key=self._pem) as at:
            return self._scheme.ask(*arguments, key_option, at("key"))


@contextmanager
def _files(**contents: bytes) -> Iterator[Callable[[str], str]]:
    """The path for a name in a folder that nobody else can enter, with these files; it is gone afterwards."""
    with (
        os_failure("the folder for temporary files", "use it"),
        tempfile.TemporaryDirectory(prefix="dblrandom-") as folder,
    ):
        for name, data in contents.items():
            create(os.path.join(folder, name), data, 0o600)
        yield lambda name: os.path.join(folder, name)


def _finish(process: subprocess.Popen[bytes], given: bytes, seconds: float) -> tuple[int | None, bytes]:
    """Feed the process, read what it says within bounds, and see it end; ``None`` in place of the code if it had to."""
    late = threading.Event()

    def end() -> None:
        late.set()
        _kill(process)

    stdin, stdout = cast("IO[bytes]", process.stdin), cast("IO[bytes]", process.stdout)
    timer = threading.Timer(seconds, end)
    timer.start()
    try:
        with suppress(OSError):
            stdin.write(given)
        with suppress(OSError):
            stdin.close()
        output = stdout.read(_MAX_OUTPUT + 1)
        if len(output) > _MAX_OUTPUT:
            _kill(process)
    except BaseException:
        _kill(process)
        raise
    finally:
        timer.cancel()
        timer.join()
    try:
        code = process.wait(min(1, seconds))
    except subprocess.TimeoutExpired:
        _kill(process)
        late.set()
        code = process.wait()
    return None if late.is_set() else code, output


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the process and whatever it started; not yet waited for, its group cannot be another's."""
    with suppress(OSError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)


def all_schemes() -> Mapping[str, Scheme]:
    """Every signature algorithm that this library can check on this machine, SM2 through OpenSSL among them."""
    return {**SCHEMES, "sm2": Sm2()}
