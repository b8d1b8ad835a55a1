"""Addresses of databases: which may be opened, and what they must not bring with them (docs/engines/sql.md).

An address can name files that a driver reads or sends away, programs' settings and code to load. So there is a list of
what each kind of database needs, and anything else is refused. An address that came from a file, and not from the
person at this machine, may say which server it is and no more.
"""

from __future__ import annotations

import importlib.util
import ipaddress
import os
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, unquote_plus

from attrs import field, frozen

from dblrandom.adapters.files import os_failure
from dblrandom.errors import MissingExtra, RosterError
from dblrandom.model.json import show

if TYPE_CHECKING:
    import sqlalchemy as sa

__all__ = [
    "Address",
    "divided",
    "is_address",
    "judged",
    "passwords_in",
    "placed",
    "shown_place",
    "sqlite_uri",
    "without_passwords",
]

_FORM = re.compile(r"([a-z][a-z0-9+.-]+):/", re.IGNORECASE)
_LOGIN = re.compile(r"[^:/?#]+:/{1,2}(?P<user>[^:/]*):(?P<password>[^@]*)@")
_SECRET = re.compile(r"pass(?!file)|pwd|secret|token", re.IGNORECASE)
_HOST = re.compile(r"\w[\w.-]*")
_NOWHERE = os.path.join(os.devnull, "none")
_ADVICE = "give one like postgresql+psycopg://user@host/base"


@frozen
class _Kind:
    """What the address of one kind of database may have.

    Attributes:
        drivers: the drivers that may be named, in the order in which they are looked for where none is.
        typed: the parameters that the person at this machine may give.
        filed: those of them that an address from a file may have.
        forced: what is told to the driver whatever the address says.
        alone: what is told to it besides for an address from a file, so that nothing of the reader's is used.
    """

    drivers: Mapping[str, str]
    typed: frozenset[str]
    filed: frozenset[str] = frozenset()
    forced: Mapping[str, Any] = field(factory=dict)
    alone: Mapping[str, Any] = field(factory=dict)


_LIBPQ = frozenset(
    "application_name channel_binding client_encoding connect_timeout gssencmode host hostaddr keepalives "
    "keepalives_count keepalives_idle keepalives_interval krbsrvname load_balance_hosts options passfile password port "
    "require_auth service ssl_max_protocol_version ssl_min_protocol_version sslcert sslcrl sslcrldir sslkey sslmode "
    "sslnegotiation sslpassword sslrootcert sslsni target_session_attrs tcp_user_timeout user".split()
)
_MYSQL = frozenset(
    "charset connect_timeout passwd password program_name read_default_file read_default_group read_timeout ssl_ca "
    "ssl_capath ssl_cert ssl_check_hostname ssl_cipher ssl_disabled ssl_key ssl_key_password ssl_mode ssl_verify_cert "
    "ssl_verify_identity unix_socket user write_timeout".split()
)
_POSTGRESQL = _Kind(
    drivers=MappingProxyType({"psycopg2": "psycopg2", "psycopg": "psycopg"}),
    typed=_LIBPQ,
    filed=frozenset(
        "application_name channel_binding connect_timeout host port require_auth ssl_min_protocol_version sslmode "
        "target_session_attrs".split()
    ),
    # What is empty here is not taken from the environment: PGHOSTADDR would lead to another server than the one named,
    # and PGOPTIONS is sent to it.
    alone=MappingProxyType(
        {"passfile": _NOWHERE, "sslcert": _NOWHERE, "gssencmode": "disable", "hostaddr": "", "options": ""}
    ),
)
_OF_MYSQL = _Kind(
    drivers=MappingProxyType({"mysqldb": "MySQLdb", "pymysql": "pymysql"}),
    typed=_MYSQL,
    filed=frozenset({"charset", "connect_timeout", "read_timeout", "write_timeout"}),
    # A server may answer any statement by asking for a file of the client, which a driver would send.
    forced=MappingProxyType({"local_infile": False}),
)
_SQLITE = _Kind(drivers=MappingProxyType({"pysqlite": "sqlite3"}), typed=frozenset({"timeout"}))
_KINDS: Mapping[str, _Kind] = MappingProxyType(
    {"postgresql": _POSTGRESQL, "mysql": _OF_MYSQL, "mariadb": _OF_MYSQL, "sqlite": _SQLITE}
)
_SAME: Mapping[str, str] = MappingProxyType({"postgres": "postgresql"})
_OFTEN = frozenset({"host", "port"})
"""Parameters that may be given several times, for several servers of one database."""


@frozen
class Address:
    """An address that was judged, with what the driver is told besides it.

    Attributes:
        url: the address, its driver named.
        connect: the driver's arguments that no address decides.
        file: the file of an SQLite database.
        passwords: the texts in it that no message may show.
    """

    url: sa.URL
    connect: Mapping[str, Any]
    file: str | None
    passwords: tuple[str, ...] = field(repr=False)


def is_address(place: str) -> bool:
    """Whether a place is written like an address and not like a path; one letter before the colon is a drive."""
    return _FORM.match(place) is not None


def divided(place: str) -> tuple[str, str]:
    """An address and the table that it names after its last ``#``; no table where that is part of the address."""
    address, mark, table = place.rpartition("#")
    # A password may have a # in it; what stands after the last one is then no name, and must not be shown.
    return (address, table) if mark and not re.search("[@/:?]", table) else (place, "")


def shown_place(place: str) -> str:
    """A place as messages name it: of an address the kind and the table, since it may hold a password."""
    found = _FORM.match(place)
    return f"{found[1]}://...#{divided(place)[1]}" if found else place


def placed(place: str | os.PathLike[str], from_file: bool | str | os.PathLike[str], where: str) -> Path:
    """Where a path leads: as it is given, or, where it came from a file, below the folder that it is for.

    Args:
        place: the path.
        from_file: ``False`` where the person at this machine gave it; else the folder that the file is in, or ``True``
            for the current one.
        where: what to call the roster in errors.

    Raises:
        RosterError: a path from a file is absolute, goes up, or leads through a link below that folder.
    """
    path = Path(place)
    if from_file is False:
        return path
    folder = Path() if from_file is True else Path(from_file)
    if path.is_absolute() or path.drive or path.root or ".." in path.parts or str(path).startswith("~"):
        raise RosterError("a path from a file stays below the file's own folder; say yourself where it is", where=where)
    with os_failure(path, "find it"):
        if any((folder / part).is_symlink() for part in (path, *path.parents[:-1])):
            raise RosterError("a path from a file leads through no link; say yourself where it is", where=where)
    return folder / path


def judged(address: sa.URL | str, where: str, *, from_file: bool = False) -> Address:
    """Judge the address of a database, without opening it: the one place where that is decided.

    Args:
        address: what was given.
        where: what to call the roster in errors, which never show the address.
        from_file: whether it came from a file, such as a folder that was received; then it may name a server, a
            database and how strictly to connect, but no file of this machine, no socket and nothing of its user's.

    Raises:
        RosterError: it is no address, or has something that is not on the list.
        MissingExtra: none of the drivers is installed.
        FolderError: the file of an SQLite database cannot be read.
    """
    url = _parsed(address, where)
    backend, _, driver = url.drivername.partition("+")
    backend = _SAME.get(backend.lower(), backend)
    kind = _KINDS.get(backend)
    if kind is None:
        raise RosterError(
            f"this is not the URL of a database that draws were tried with ({', '.join(_KINDS)}); {_ADVICE}, or make "
            "an engine of SQLAlchemy yourself",
            where=where,
        )
    if driver and driver not in kind.drivers:
        raise RosterError(
            f"the driver {show(driver)} is not one of {', '.join(kind.drivers)}, with which this was tried; name one "
            "of them, or make an engine of SQLAlchemy yourself",
            where=where,
        )
    _check_parameters(url, backend, kind, where, from_file=from_file)
    url = url.set(drivername=f"{backend}+{driver or _installed(kind, backend)}")
    file = _sqlite_file(url, where, from_file=from_file) if backend == "sqlite" else None
    if from_file and backend != "sqlite":
        _check_hosts(url, where)
    connect = {**kind.forced, **(kind.alone if from_file else {})}
    if from_file and backend == "postgresql" and os.environ.get("PGSERVICE"):
        raise RosterError(
            "an address from a file is not opened with what a service of yours sets; unset the variable PGSERVICE",
            where=where,
        )
    if from_file and backend != "sqlite" and url.password is None:
        connect["password"] = ""  # or the password in the reader's environment would go to a stranger's server
    return Address(url, MappingProxyType(connect), file, passwords_in(address))


def passwords_in(address: sa.URL | str) -> tuple[str, ...]:
    """Every password in an address: before the host, or as a parameter; as it is written, and as it is read."""
    text = address if isinstance(address, str) else address.render_as_string(hide_password=False)
    found = set(_written(divided(text)[0]))
    return tuple(sorted(found, key=len, reverse=True))


def _written(text: str) -> Iterator[str]:
    if not is_address(text):
        return
    if (login := _LOGIN.match(text)) is not None and login["password"]:
        yield login["password"]
        yield unquote(login["password"])
    _, _, query = text.partition("?")
    for part in re.split("[&;]", query):
        name, _, value = part.partition("=")
        if value and _SECRET.search(unquote_plus(name)):
            yield value
            yield unquote_plus(value)


def without_passwords(told: str, passwords: Sequence[str]) -> str:
    """What a driver said, without the passwords of the address: some repeat what they do not understand."""
    for password in passwords:
        told = told.replace(password, "***")
    return told


def _parsed(address: sa.URL | str, where: str) -> sa.URL:
    import sqlalchemy as sa

    try:
        url = sa.make_url(address)
        # A second parser must not see another address: what is rendered again has to be read alike.
        again = sa.make_url(url.render_as_string(hide_password=False))
    except Exception as error:  # besides its own errors it raises whatever its parts do
        raise RosterError(f"this is not the URL of a database; {_ADVICE}", where=where) from error
    if again != url or any(not part.isprintable() for part in _texts(url)):
        raise RosterError(f"this is not the URL of a database; {_ADVICE}", where=where)
    return url


def _texts(url: sa.URL) -> Iterator[str]:
    for part in (url.drivername, url.username, str(url.password or ""), url.host, url.database):
        yield part or ""
    for name, values in url.normalized_query.items():
        yield name
        yield from values


def _check_parameters(url: sa.URL, backend: str, kind: _Kind, where: str, *, from_file: bool) -> None:
    allowed = kind.filed if from_file else kind.typed
    for name, values in url.normalized_query.items():
        if name not in allowed:
            whose = " from a file" if from_file else ""
            listed = ", ".join(sorted(allowed)) or "none"
            raise RosterError(
                f"the parameter {show(name)} is not one that an address of {backend}{whose} may have; there are "
                f"{listed}",
                where=where,
            )
        if len(values) > 1 and name not in _OFTEN:
            raise RosterError(f"the parameter {show(name)} is there twice; give it once", where=where)


def _check_hosts(url: sa.URL, where: str) -> None:
    """Refuse an address of which one host, as the driver gets it, may be a socket of this machine."""
    told = "an address from a file names a server by its name or number, no socket of this machine"
    try:
        # Hosts and ports can be written in several ways; this is what the driver is given for them.
        _, given = url.get_dialect()().create_connect_args(url)
    except Exception as error:  # it raises whatever the parts of an address do
        raise RosterError(f"{told}; its hosts and ports cannot be read", where=where) from error
    for host in str(given.get("host") or "").split(","):
        if not _is_server(host):
            raise RosterError(told, where=where)
        if url.drivername.endswith("+mysqldb") and host.lower().rstrip(".") == "localhost":
            raise RosterError(f"{told}: for this driver localhost is one; write 127.0.0.1", where=where)


def _is_server(host: str) -> bool:
    """Whether a text can be nothing but the name or number of a server."""
    if ":" not in host:
        return _HOST.fullmatch(host) is not None
    try:
        return ipaddress.ip_address(host).version == 6 and re.search(r"[^\w.:%-]", host) is None
    except ValueError:
        return False


def _installed(kind: _Kind, backend: str) -> str:
    for driver, module in kind.drivers.items():
        if importlib.util.find_spec(module) is not None:
            return driver
    names = " or ".join(kind.drivers.values())
    raise MissingExtra(f"the URL asks for a driver of {backend}, and there is none; install {names}")


def _sqlite_file(url: sa.URL, where: str, *, from_file: bool) -> str:
    """The file of an SQLite database, which must be there; anything that only looks like a file is refused."""
    name = url.database or ""
    if url.host or url.username or url.password:
        raise RosterError(
            "an address of SQLite has three slashes, and four where the path begins with one", where=where
        )
    if from_file:
        raise RosterError("an address from a file names no file of this machine", where=where)
    if not name or name.startswith(":") or name.lower().startswith("file:") or "?" in name:
        raise RosterError(
            "an address of SQLite names a file by its path, as in sqlite:///base.db; it is opened for reading only",
            where=where,
        )
    with os_failure(name, "read it"):
        if not stat.S_ISREG(os.stat(name).st_mode):
            raise RosterError("is not a regular file", where=name)
    return os.path.abspath(name)


def sqlite_uri(file: str) -> str:
    """The form of a path in which SQLite can be told never to write and never to make a file."""
    return f"file:{quote(file)}?mode=ro"
