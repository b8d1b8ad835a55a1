"""A hash chain as a tree of small documents: what the server answers, and static files for any web server.

============================  ===========================================================
``chains``                    the tips of the chains that are published here, a list
``info``, ``TIP/info``        what the chain is (``chain.json``)
``TIP/public/K``              the pulse of step K
``TIP/public/latest``         the last pulse; missing where none is revealed
``index.html``                schedule, operator and last step for people
============================  ===========================================================

Each is rendered from the chain's public files; nothing below ``secrets/`` is ever opened.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType

from dblrandom.adapters.files import make_directory, os_failure, read_bytes, write_atomic
from dblrandom.adapters.hashchains.files import LIMIT, ChainInfo, Pulse, count_pulses, load_pulse, read_info
from dblrandom.errors import FolderError, InputError
from dblrandom.kernel.canonical import decode, encode
from dblrandom.kernel.entropy import chain_step
from dblrandom.kernel.suite import SHA256

__all__ = ["INDEX_NAME", "documents", "index_page", "render", "rendered"]

INDEX_NAME = "index.html"
"""The page for people."""


def documents(info: ChainInfo) -> Mapping[str, bytes]:
    """The documents that stay the same for the chain's whole life, by their paths without a leading slash."""
    described = encode(info.to_json())
    return MappingProxyType({"chains": encode([info.tip]), "info": described, f"{info.tip}/info": described})


def index_page(info: ChainInfo, last: Pulse | None) -> bytes:
    """The page for people, Chinese and English, without scripts; its links are relative."""
    schedule = info.schedule
    step = last.step if last is not None else 0
    following = f"{step + 1}: {schedule.time_of(step + 1)}" if step < schedule.length else "—"
    rows = (
        ("链顶", "Tip", info.tip),
        ("运营者密钥", "Operator's key id", info.operator),
        ("哈希", "Hash", info.suite.name),
        ("起点", "Genesis (step 0)", schedule.genesis),
        ("间隔（秒）", "Period in seconds", schedule.period),
        ("总步数", "Steps in all", f"{schedule.length} ({schedule.time_of(schedule.length)})"),
        ("最近公布", "Last revealed step", f"{step}: {last.time}" if last is not None else "—"),
        ("值", "Its value", last.value if last is not None else "—"),
        ("下一步", "Next step", following),
    )
    table = "\n".join(
        f'<tr><th><span lang="zh">{zh}</span> <span lang="en">{en}</span></th><td><code>{value}</code></td></tr>'
        for zh, en, value in rows
    )
    return _PAGE.format(
        table=table, check=_by_hand(info, last) if last is not None else "", latest=f"{info.tip}/public/latest"
    ).encode("utf-8")


def rendered(site: str | os.PathLike[str], info: ChainInfo) -> int:
    """The last step of this chain that the site shows already, 0 for none or where that cannot be told."""
    try:
        pulse = Pulse.from_json(decode(read_bytes(Path(site) / info.tip / "public" / "latest", LIMIT)), "latest")
        pulse.check(info, "latest")
    except (FolderError, InputError):
        return 0
    return pulse.step


def render(
    folder: str | os.PathLike[str], site: str | os.PathLike[str], *, first: int = 1, last: int | None = None
) -> int:
    """Write the chain's documents into the site and return how many files were new or changed.

    Each file is replaced in one step, the pulses first, then ``latest``, then the page, so that whoever reads meanwhile
    finds all that he is told of. Other files of the site are left alone.

    Args:
        folder: the operator's folder or a copy.
        site: where the documents go; neither inside the folder nor around it, so that no secret is ever published.
        first: the first step to write, where those before are known to be there.
        last: the last step to show; all that are revealed by default.

    Raises:
        FolderError: the site lies in a wrong place, or something cannot be read or written.
        InputError: a file of the chain is malformed.
    """
    _check_place(folder, site)
    info = read_info(folder)
    if last is None:
        last = count_pulses(folder, info)
    public = Path(site) / info.tip / "public"
    make_directory(public)
    written = sum(_put(Path(site) / path, data) for path, data in documents(info).items())
    pulse = load_pulse(folder, info, last) if last else None
    for step in range(first, last + 1):
        written += _put(public / str(step), encode(load_pulse(folder, info, step).to_json()))
    if pulse is not None:
        written += _put(public / "latest", encode(pulse.to_json()))
    return written + _put(Path(site) / INDEX_NAME, index_page(info, pulse))


def _check_place(folder: str | os.PathLike[str], site: str | os.PathLike[str]) -> None:
    with os_failure(site, "find it"):
        inner, outer = Path(os.path.realpath(folder)), Path(os.path.realpath(site))
    if inner.is_relative_to(outer) or outer.is_relative_to(inner):
        raise FolderError(f"{site}: lies within the chain's folder or around it, and so could publish its secrets")


def _put(path: Path, data: bytes) -> int:
    """Write a file where it is not the same already; 1 where it was written."""
    with suppress(FolderError):
        if read_bytes(path, len(data)) == data:
            return 0
    write_atomic(path, data)
    return 1


def _by_hand(info: ChainInfo, last: Pulse) -> str:
    before = chain_step(info.suite, bytes.fromhex(last.value)).hex()
    tool = "sha256sum" if info.suite.name == SHA256.name else f"openssl dgst -{info.suite.name} -r"
    return _CHECK.format(value=last.value, tool=tool, before=before, step=last.step - 1)


_CHECK = """\
<h2><span lang="zh">自行核验</span> <span lang="en">Check it by hand</span></h2>
<pre>printf '%s\\n' dblrandom/v1/hashchain {value} | {tool}</pre>
<p><span lang="zh">应输出第 {step} 步的值（第 0 步即链顶）：</span>
<span lang="en">This must print the value of step {step} (step 0 is the tip):</span></p>
<pre>{before}</pre>
"""

_PAGE = """\
<!DOCTYPE html>
<html lang="zh">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>哈希链信标 Hash chain beacon</title>
<style>
body {{ font-family: system-ui, sans-serif; margin: 2em auto; max-width: 60em; padding: 0 1em; }}
th {{ text-align: left; vertical-align: top; padding-right: 1em; font-weight: normal; }}
code, pre {{ overflow-wrap: anywhere; white-space: pre-wrap; }}
</style>
</head>
<body>
<h1><span lang="zh">哈希链信标</span> <span lang="en">Hash chain beacon</span></h1>
<p lang="zh">运营者在固定时间逐步公布一条哈希链。任何人都能验证公布的值；下一步的值在公布之前只有运营者知道。</p>
<p lang="en">Its operator reveals a hash chain step by step at fixed times. Anyone can check a revealed value.
Until it is revealed, the next one is known to the operator alone.</p>
<table>
{table}
</table>
{check}<p><a href="info">info</a> · <a href="chains">chains</a> · <a href="{latest}">latest</a></p>
</body>
</html>
"""
