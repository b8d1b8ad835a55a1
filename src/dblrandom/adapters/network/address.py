"""Addresses that may be asked, and where their redirects may lead."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urljoin, urlsplit

from dblrandom import limits
from dblrandom.errors import InputError, NetworkError
from dblrandom.model.json import show

__all__ = ["LONGEST_URL", "check_url", "redirected", "shown"]

LONGEST_URL = limits.URL_CHARACTERS
"""Characters of an address."""

_ADDRESS = re.compile(r"[!-~]+")
# Narrow, so that no two libraries can read two different hosts out of one address.
_HOST = re.compile(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]+")


def shown(url: SplitResult) -> str:
    """An address as messages show it: without user, password, query and fragment, which may be private."""
    return f"{url.scheme}://{url.netloc.rpartition('@')[2]}{url.path}"


def check_url(url: str, where: str = "address") -> SplitResult:
    """Take an address apart, where it is one that may be asked.

    Raises:
        InputError: it is not ``http`` or ``https``, has no host, has a user or password, or has other than printable
            ASCII characters.
    """
    if len(url) > LONGEST_URL or not _ADDRESS.fullmatch(url):
        raise InputError(f"is not an address of 1 to {LONGEST_URL} printable ASCII characters", where=where)
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise InputError("is not an address: its host or port is malformed", where=where) from None
    if parts.scheme not in ("http", "https") or not host or not _HOST.fullmatch(host):
        raise InputError(f"{show(shown(parts))} is not an address; begin it with https:// and a host", where=where)
    if "@" in parts.netloc:
        raise InputError(f"the address {show(shown(parts))} carries a user or password; leave them out", where=where)
    return parts


def redirected(url: SplitResult, location: str, status: int) -> SplitResult:
    """Where a redirect leads, if that is the same host by a means that is not weaker.

    Raises:
        NetworkError: it leads anywhere else, with the ``status`` that sent there.
    """
    try:
        target = check_url(urljoin(url.geturl(), location))
        same = target.hostname == url.hostname and (
            (target.scheme, target.port) == (url.scheme, url.port)
            or (url.scheme == "http" and target.scheme == "https" and url.port is None and target.port is None)
        )
    except (InputError, ValueError):
        raise NetworkError(f"{shown(url)}: redirects to what is not an address", status=status) from None
    if not same:
        raise NetworkError(
            f"{shown(url)}: redirects to another host, {show(shown(target))}, which was not asked for", status=status
        )
    return target
