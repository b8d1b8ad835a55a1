"""Every file of a ceremony folder changed, cut, swapped, replayed, removed, doubled, or turned into something else.

First as an accident or a clumsy hand would do it: ``SHA256SUMS`` then tells. Then by somebody who writes
``SHA256SUMS`` anew, so that only receipts, signatures and roots stand between him and acceptance.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import attrs
import pytest
from kit import AS_OF, Forged, committed_rosters, forge, honest, policy, populations, steps

from dblrandom.adapters.folder import CeremonyFolder
from dblrandom.ceremony import Ceremony
from dblrandom.errors import DblrandomError, FolderError, VerificationError
from dblrandom.evidence import Finding, TrustPolicy
from dblrandom.examples.demo import AS_OF as DEMO_AS_OF
from dblrandom.examples.demo import kunming_demo
from dblrandom.kernel.suite import SHA256
from dblrandom.roster import Roster

SUMS = "SHA256SUMS"
PUBLIC = (
    "plan.toml",
    "trust.json",
    *(f"receipts/{n:04d}-{step.type}.json" for n, step in enumerate(steps(), 1)),
    *(f"rosters/{name}.tsv" for name in ("inspectors", "recusals", "targets")),
    *(f"results/{task}.{kind}.tsv" for task in ("A1", "B2") for kind in ("selected", "teams")),
)
LAST = "receipts/0013-witness.json"
"""The end of the chain: without it the ceremony is a lawful beginning."""
MINE = policy()


class Place:
    """A folder of the sound ceremony that is changed and put right again."""

    def __init__(self, root: Path, forged: Forged) -> None:
        self.root = root
        self.folder = CeremonyFolder(root)
        self.folder.create(Ceremony.read(forged.receipts, committed_rosters().values()), MINE)
        self.files = {p: (root / p).read_bytes() for p in (*PUBLIC, SUMS)}
        assert {str(p.relative_to(root)) for p in root.rglob("*") if p.is_file()} == {*self.files, "lock"}

    def restore(self) -> None:
        """Put back whatever is not as it was."""
        for entry in [*self.root.rglob("*")]:
            name = os.fsdecode(os.fsencode(entry.relative_to(self.root)))
            if entry.is_symlink() or not entry.exists():
                entry.unlink(missing_ok=True)
            elif not entry.is_dir() and name not in self.files and name != "lock":
                entry.unlink()
        for entry in sorted((e for e in self.root.rglob("*") if e.is_dir()), reverse=True):
            if str(entry.relative_to(self.root)) not in ("receipts", "rosters", "results"):
                shutil.rmtree(entry)
        for name, data in self.files.items():
            path = self.root / name
            path.parent.mkdir(exist_ok=True)
            if not path.is_file() or path.read_bytes() != data:
                if path.exists() or path.is_symlink():
                    path.unlink()
                path.write_bytes(data)

    def reseal(self) -> None:
        """Write ``SHA256SUMS`` anew over whatever is there, as an attacker would."""
        lines = []
        for entry in self.root.rglob("*"):
            name = str(entry.relative_to(self.root))
            if entry.is_file() and name not in (SUMS, "lock") and not name.startswith("secrets/"):
                lines.append((name.encode(), hashlib.sha256(entry.read_bytes()).hexdigest().encode()))
        (self.root / SUMS).write_bytes(b"".join(digest + b"  " + name + b"\n" for name, digest in sorted(lines)))

    def verdict(self, trust: TrustPolicy | None = MINE, as_of: str | None = AS_OF) -> DblrandomError | None:
        """The error with which the folder is refused, or ``None``; anything but the library's own errors flies."""
        try:
            self.folder.verify(trust, as_of=as_of)
        except (VerificationError, FolderError) as error:
            assert str(error).isprintable(), str(error)  # noqa: PT017 -- acceptance is lawful here too
            return error
        return None


@pytest.fixture(scope="module")
def _place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("attack") / "c", honest())


@pytest.fixture
def place(_place: Place) -> Iterator[Place]:
    _place.restore()
    yield _place
    _place.restore()


@cache
def other_ceremony() -> Forged:
    """Another sound ceremony of the same organiser, by the same plan but for its title."""
    chain = steps()
    chain[0].body["plan"]["title"] = "another ceremony"
    return forge(chain, recompute=True)


def offsets(size: int, few: int = 40) -> list[int]:
    """All offsets of a small file, else at least ``few`` spread over it, both ends among them."""
    return list(range(size)) if size <= few else sorted({*range(0, size, max(1, size // few)), 1, size - 2, size - 1})


def contents(data: bytes, few: int = 40) -> Iterator[tuple[str, bytes]]:
    """Everything that one file is turned into."""
    for at in offsets(len(data), few):
        for bit in (0x01, 0x20) if at % 3 == 0 else (0x01,):
            yield f"byte {at} ^ {bit:#x}", data[:at] + bytes([data[at] ^ bit]) + data[at + 1 :]
    for at in sorted({0, 1, len(data) // 3, len(data) // 2, len(data) - 2, len(data) - 1}):
        yield f"cut at {at}", data[:at]
    middle = len(data) // 2
    yield "a byte more", data + b"x"
    yield "a line break more", data + b"\n"
    yield "a CR before each LF", data.replace(b"\n", b"\r\n") if b"\n" in data else data + b"\r\n"
    yield "a NUL more", data + b"\0"
    yield "a BOM before", b"\xef\xbb\xbf" + data
    yield "a space before", b" " + data
    yield "twice", data * 2
    yield "a byte gone from the middle", data[:middle] + data[middle + 1 :]
    yield "a byte doubled in the middle", data[:middle] + data[middle - 1 :]
    yield "halves swapped", data[middle:] + data[:middle]


def test_the_sound_folder_is_accepted(place: Place) -> None:
    assert place.verdict() is None
    place.reseal()
    assert (place.root / SUMS).read_bytes() == place.files[SUMS]
    assert place.verdict(None) is None


@pytest.mark.parametrize("name", [*PUBLIC, SUMS])
def test_every_change_of_every_file_is_refused(place: Place, name: str) -> None:
    """What an accident or a clumsy hand leaves behind."""
    path, data = place.root / name, place.files[name]
    accepted = []
    for what, changed in contents(data):
        path.write_bytes(changed)
        if place.verdict() is None:
            accepted.append(what)
    assert accepted == []


UNCOVERED = {"trust.json"}
"""Nothing that is signed covers the policy that the organiser suggests; a verifier brings his own."""


@pytest.mark.parametrize("name", [name for name in PUBLIC if name not in UNCOVERED])
def test_every_change_is_refused_with_the_sums_written_anew(place: Place, name: str) -> None:
    path, data = place.root / name, place.files[name]
    accepted, by_folder = [], []
    for what, changed in contents(data, 10):
        path.write_bytes(changed)
        place.reseal()
        error = place.verdict()
        if error is None:
            accepted.append(what)
        elif not isinstance(error, VerificationError):
            by_folder.append(what)
    assert (accepted, by_folder) == ([], [])


@pytest.mark.parametrize("sums", ["kept", "anew"])
@pytest.mark.parametrize("name", [*PUBLIC, SUMS])
def test_a_file_removed_or_turned_into_something_else(place: Place, name: str, sums: str) -> None:
    path = place.root / name
    aside = place.root.parent / "aside"
    aside.write_bytes(place.files[name])

    def directory() -> None:
        path.mkdir()
        (path / "x").write_bytes(b"x")

    ways: dict[str, Callable[[], object]] = {
        "removed": lambda: None,
        "an empty directory": path.mkdir,
        "a directory": directory,
        "a symbolic link to the same bytes": lambda: path.symlink_to(aside),
        "a hanging link": lambda: path.symlink_to("nowhere"),
        "a link to itself": lambda: path.symlink_to(path.name),
        "a link to a device": lambda: path.symlink_to("/dev/zero"),
        "a pipe": lambda: os.mkfifo(path),
    }
    for what, make in ways.items():
        place.restore()
        path.unlink()
        make()
        if sums == "anew" and name != SUMS:
            place.reseal()
        lawful = what == "removed" and name == LAST and sums == "anew"
        assert (place.verdict() is None) == lawful, what


DIRECTORIES = [
    [name for name in PUBLIC if name.startswith(prefix)] for prefix in ("receipts/", "rosters/", "results/")
] + [["plan.toml", "trust.json"]]


@pytest.mark.parametrize("sums", ["kept", "anew"])
@pytest.mark.parametrize("names", DIRECTORIES, ids=["receipts", "rosters", "results", "top"])
def test_two_files_swapped_or_one_in_the_place_of_another(place: Place, names: list[str], sums: str) -> None:
    for number, one in enumerate(names):
        for other in names[number + 1 :]:
            doubled = ((one, one), (other, other)) if other == names[(number + 1) % len(names)] else ()
            for contents_ in ((other, one), *doubled):
                for name in names:
                    (place.root / name).write_bytes(place.files[name])
                (place.root / SUMS).write_bytes(place.files[SUMS])
                (place.root / one).write_bytes(place.files[contents_[0]])
                (place.root / other).write_bytes(place.files[contents_[1]])
                if sums == "anew":
                    place.reseal()
                error = place.verdict()
                if sums == "anew" and contents_[0] == one and other in UNCOVERED:
                    continue
                assert isinstance(error, VerificationError), (one, other, contents_)


@pytest.mark.parametrize("sums", ["kept", "anew"])
@pytest.mark.parametrize(
    "name",
    [
        "receipts/0014-witness.json",
        "receipts/0000-commitment.json",
        "receipts/0001-commitment.json.bak",
        "receipts/00001-commitment.json",
        "receipts/0001-Commitment.json",
        "receipts/1-commitment.json",
        "receipts/0001-commitment",
        "receipts/more/0001-commitment.json",
        "receipts/.0001-commitment.json",
        "receipts/-0001-commitment.json",
        "receipts/٠٠٠١-commitment.json",
        "rosters/targets2.tsv",
        "rosters/Targets.tsv",
        "rosters/targets.csv",
        "rosters/.tsv",
        "rosters/A1.selected.tsv",
        "rosters/\u202etargets.tsv",
        "rosters/ta\nrgets.tsv",
        "rosters/more/targets.tsv",
        "results/C3.selected.tsv",
        "results/A1.Selected.tsv",
        "results/targets.tsv",
        "results/recusals.tsv",
        "plan.toml.bak",
        "Plan.toml",
        "README.md",
        ".hidden",
        ".pending",
        ".pending/journal",
        "sha256sums",
        "secrets",
        "Secrets/key.pem",
        "more/secrets/key.pem",
        "receipts/secrets/key.pem",
        "receipts/lock",
        "more/lock",
        "lock/x",
    ],
)
def test_a_file_too_many(place: Place, name: str, sums: str) -> None:
    """Each with contents that would do in some other place."""
    for data in (place.files["receipts/0001-commitment.json"], place.files["rosters/targets.tsv"], b""):
        place.restore()
        path = place.root / name
        if name.startswith("lock/"):
            (place.root / "lock").unlink()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        if sums == "anew":
            place.reseal()
        error = place.verdict()
        if name.startswith("lock/"):
            shutil.rmtree(place.root / "lock")
            (place.root / "lock").write_bytes(b"")
        assert error is not None


def test_a_name_that_is_not_utf_8(place: Place) -> None:
    (place.root / os.fsdecode(b"receipts/\xff.json")).write_bytes(b"x")
    assert place.verdict() is not None


def test_a_folder_of_more_levels_than_the_stack_has(place: Place) -> None:
    """Made and removed level by level, since the standard library's own helpers would recurse."""
    levels = [place.root / "receipts"]
    for _ in range(1050):
        levels.append(levels[-1] / "d")
        levels[-1].mkdir()
    try:
        assert place.verdict() is not None
    finally:
        for level in reversed(levels[1:]):
            level.rmdir()


@pytest.mark.parametrize("number", range(1, 14))
def test_a_receipt_of_another_ceremony(place: Place, number: int) -> None:
    """Sound in itself, signed by the same people, with the same sequence: it is only of another ceremony."""
    name = next(n for n in PUBLIC if n.startswith(f"receipts/{number:04d}"))
    replayed = other_ceremony().receipts[number - 1]
    assert replayed != place.files[name]
    (place.root / name).write_bytes(replayed)
    assert isinstance(place.verdict(), VerificationError)
    place.reseal()
    assert isinstance(place.verdict(), VerificationError)


@pytest.mark.parametrize("number", range(1, 13))
def test_the_end_of_another_ceremony(place: Place, number: int) -> None:
    """The first receipts of this ceremony, and all others, with all results, of the other one."""
    forged = other_ceremony()
    for at, envelope in enumerate(forged.receipts[number:], number + 1):
        (place.root / next(n for n in PUBLIC if n.startswith(f"receipts/{at:04d}"))).write_bytes(envelope)
    for name in ("A1.selected", "A1.teams", "B2.selected", "B2.teams"):
        (place.root / f"results/{name}.tsv").write_bytes(forged.rosters[name].to_file())
    place.reseal()
    error = place.verdict()
    assert isinstance(error, VerificationError)
    assert error.check == "chain" or number >= 12


def test_a_whole_other_ceremony_is_another_ceremony(place: Place) -> None:
    """Replacing everything is no forgery: it verifies as what it is, with another head. Compare the head."""
    forged = other_ceremony()
    shutil.rmtree(place.root.parent / "other", ignore_errors=True)
    other = Place(place.root.parent / "other", forged)
    assert other.folder.verify(MINE, as_of=AS_OF).head != place.folder.verify(MINE, as_of=AS_OF).head


@pytest.mark.parametrize("kept", range(14))
def test_a_folder_cut_to_a_beginning(place: Place, kept: int) -> None:
    """A lawful beginning is what it is: the deadlines refuse it once they are over, and results must not be left."""
    receipts = [name for name in PUBLIC if name.startswith("receipts/")]
    for name in receipts[kept:]:
        (place.root / name).unlink()
    if kept == 0:
        (place.root / "receipts").rmdir()
    place.reseal()
    if kept < 6:
        assert isinstance(place.verdict(as_of=None), VerificationError), "results without a draw"
        shutil.rmtree(place.root / "results")
        place.reseal()
    error = place.verdict()
    assert (error is None) == (kept >= 12)
    if error is not None:
        assert isinstance(error, VerificationError)
    if kept > 1:
        report = place.folder.verify(MINE)
        assert any(c.name == "deadlines" for c in report.not_checked)
        assert any(c.name == "draw" for c in report.not_checked) == (kept < 6)


@pytest.mark.parametrize("name", [n for n in PUBLIC if n.startswith(("rosters/", "results/"))])
def test_a_roster_left_out_of_a_resealed_folder(place: Place, name: str) -> None:
    """None of these rosters is confidential, so none of them may be withheld."""
    (place.root / name).unlink()
    place.reseal()
    error = place.verdict()
    assert isinstance(error, VerificationError)
    assert "it is missing" in str(error)
    assert name in str(error)


INDEXES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda s: b"",
    "one line break": lambda s: b"\n",
    "crlf": lambda s: s.replace(b"\n", b"\r\n"),
    "reversed": lambda s: b"".join(reversed(s.splitlines(True))),
    "a line twice": lambda s: s.splitlines(True)[0] + s,
    "a blank line": lambda s: s + b"\n",
    "without the last line break": lambda s: s[:-1],
    "upper case": lambda s: b"".join(line[:64].upper() + line[64:] for line in s.splitlines(True)),
    "binary marks": lambda s: s.replace(b"  ", b" *"),
    "one space": lambda s: s.replace(b"  ", b" "),
    "tabs": lambda s: s.replace(b"  ", b"\t"),
    "bsd": lambda s: b"".join(b"SHA256 (" + x[66:-1] + b") = " + x[:64] + b"\n" for x in s.splitlines(True)),
    "dot slash": lambda s: s.replace(b"  ", b"  ./"),
    "absolute": lambda s: s.replace(b"  ", b"  /"),
    "double slash": lambda s: s.replace(b"/", b"//"),
    "backslash": lambda s: s.replace(b"/", b"\\"),
    "out and in again": lambda s: s.replace(b"  plan", b"  receipts/../plan"),
    "out of the folder": lambda s: hashlib.sha256(b"").hexdigest().encode() + b"  ../aside\n" + s,
    "the lock": lambda s: hashlib.sha256(b"").hexdigest().encode() + b"  lock\n" + s,
    "itself": lambda s: b"00" * 32 + b"  SHA256SUMS\n" + s,
    "a directory": lambda s: b"00" * 32 + b"  receipts\n" + s,
    "a bom": lambda s: b"\xef\xbb\xbf" + s,
    "utf-16": lambda s: s.decode().encode("utf-16"),
    "a comment": lambda s: b"# sums\n" + s,
    "a nul": lambda s: s.replace(b"plan", b"pl\0an"),
    "not utf-8": lambda s: s.replace(b"plan", b"pl\xffan"),
    "a line separator": lambda s: s.replace(b"plan", "pl\u2028an".encode()),
    "a long line": lambda s: s + b"00" * 32 + b"  " + b"x" * 100_000 + b"\n",
    "sm3 digests": lambda s: b"".join(b"0" * 63 + b"1" + x[64:] for x in s.splitlines(True)),
}


@pytest.mark.parametrize("name", [*PUBLIC, SUMS])
def test_a_link_to_the_very_same_bytes(place: Place, name: str) -> None:
    """What a link leads to can be changed after it was checked; it is tampering, not a file that cannot be read."""
    (place.root.parent / "aside").write_bytes(place.files[name])
    (place.root / name).unlink()
    (place.root / name).symlink_to(place.root.parent / "aside")
    error = place.verdict()
    assert isinstance(error, VerificationError)
    assert (error.check, error.where) == ("folder", name)
    assert "is a link or a device" in str(error)


@pytest.mark.parametrize("attack", INDEXES)
def test_another_form_of_the_index(place: Place, attack: str) -> None:
    (place.root / SUMS).write_bytes(INDEXES[attack](place.files[SUMS]))
    assert isinstance(place.verdict(), VerificationError)


def test_the_lock_and_the_secrets_are_no_way_in(place: Place) -> None:
    """What the index leaves out must be what it says: a plain file and a plain directory."""
    lock, secrets = place.root / "lock", place.root / "secrets"
    for make in (lambda p: os.mkfifo(p), lambda p: p.symlink_to("/etc/passwd"), lambda p: p.mkdir()):
        lock.unlink()
        make(lock)
        error = place.verdict()
        lock.rmdir() if lock.is_dir() else lock.unlink()
        lock.write_bytes(b"")
        assert error is not None
    for make in (lambda p: os.mkfifo(p), lambda p: p.symlink_to(place.root / "rosters"), lambda p: p.write_bytes(b"")):
        make(secrets)
        error = place.verdict()
        secrets.unlink()
        assert error is not None
    secrets.mkdir()
    (secrets / "anything").write_bytes(b"x")
    assert place.verdict() is None


def with_confidential_recusals() -> tuple[Forged, dict[str, Roster]]:
    """The sound ceremony over recusals that nobody but an auditor may read."""
    population = next(p for p in populations() if p.name == "recusals")
    blinds = [hashlib.sha256(row[0].encode()).hexdigest() for row in population.rows]
    hidden = Roster.build(SHA256, attrs.evolve(population, confidential=True), blinds)
    rosters = {**committed_rosters(), "recusals": hidden}
    chain = steps()
    chain[0].body["rosters"] = [r.manifest.to_json() for r in rosters.values()]
    forged = forge(chain, recompute=True, rosters=rosters)
    return forged, rosters


def test_a_withheld_confidential_roster(tmp_path: Path) -> None:
    """A published folder may lack it, and then nothing that needs it is called checked; it may not lie elsewhere."""
    forged, rosters = with_confidential_recusals()
    hidden = rosters["recusals"]
    whole = CeremonyFolder(tmp_path / "whole")
    whole.create(Ceremony.read(forged.receipts, rosters.values()), MINE)
    assert not [c for c in whole.verify(MINE, as_of=AS_OF).not_checked if c.name == "draw"]
    whole.publish(tmp_path / "public")
    public = Place.__new__(Place)
    public.root, public.folder = tmp_path / "public", CeremonyFolder(tmp_path / "public")
    report = public.folder.verify(MINE, as_of=AS_OF)
    assert not {c.name for c in report.passed} & {"draw", "commitment", "substitution", "result"}
    assert hidden.lines[0] not in b"".join(p.read_bytes() for p in public.root.rglob("*") if p.is_file())
    for path, data in (
        ("rosters/recusals.tsv", hidden.to_file()[:-3] + b"00\n"),
        ("rosters/recusals.tsv", committed_rosters()["recusals"].to_file()),
        ("results/recusals.tsv", b"rubbish\n"),
        ("rosters/recusals2.tsv", hidden.to_file()),
    ):
        (public.root / path).write_bytes(data)
        public.reseal()
        assert isinstance(public.verdict(), VerificationError), path
        (public.root / path).unlink()


def test_a_confidential_roster_among_the_results(tmp_path: Path) -> None:
    forged, rosters = with_confidential_recusals()
    CeremonyFolder(tmp_path).create(Ceremony.read(forged.receipts, rosters.values()), MINE)
    moved = Place.__new__(Place)
    moved.root, moved.folder = tmp_path, CeremonyFolder(tmp_path)
    (tmp_path / "rosters/recusals.tsv").rename(tmp_path / "results/recusals.tsv")
    moved.reseal()
    assert moved.verdict() is not None


# The policy that comes with the folder


def test_a_changed_policy_is_not_believed(place: Place) -> None:
    """With his own policy a verifier does not look at it; without one, it is used, and the report says what that is."""
    path = place.root / "trust.json"
    accepted = []
    for what, changed in contents(place.files["trust.json"]):
        path.write_bytes(changed)
        place.reseal()
        if place.verdict(None) is None:
            report = place.folder.verify(as_of=AS_OF)
            assert any(finding is Finding.SELF_TRUST for finding, _ in report.findings)
            accepted.append(what)
    # Names of holders, a margin, a role that nothing needs: nothing that makes more of the ceremony than it is.
    assert len(accepted) < 20, accepted


def test_the_policy_has_one_form(place: Place) -> None:
    (place.root / "trust.json").write_bytes(place.files["trust.json"] + b"\n")
    place.reseal()
    assert place.verdict(None) is not None


def test_a_policy_that_is_none_is_refused_even_where_it_is_not_used(place: Place) -> None:
    (place.root / "trust.json").write_bytes(b"rubbish")
    place.reseal()
    assert place.verdict() is not None


def test_a_policy_that_trusts_the_attacker(place: Place) -> None:
    """The attacker puts his own keys in the policy: a verifier without one of his own is warned, one with it safe."""
    keys = {name: {"public_key": hashlib.sha256(name.encode()).hexdigest()} for name in ("organiser", "notary")}
    (place.root / "trust.json").write_bytes(policy(keys=keys).to_bytes())
    place.reseal()
    assert isinstance(place.verdict(None), VerificationError)
    assert place.verdict() is None


# Other doors than verify


@pytest.mark.parametrize("name", PUBLIC)
def test_other_readers_of_a_changed_folder_raise_only_the_librarys_errors(place: Place, name: str) -> None:
    """``load``, ``trust``, ``update`` and ``publish`` judge less, but break no differently."""
    data, out = place.files[name], place.root.parent / "out"

    def publish() -> None:
        place.folder.publish(out)

    acts: list[Callable[[], object]] = [place.folder.trust, place.folder.load, lambda: place.folder.load().standing]
    for what, changed in (
        ("cut", data[:-9]),
        ("flip", data[:60] + b"~" + data[61:]),
        ("none", b""),
        ("twice", data * 2),
    ):
        (place.root / name).write_bytes(changed)
        place.reseal()
        for act in [*acts, publish] if what == "flip" else acts:
            try:
                act()
            except DblrandomError as error:
                assert str(error).isprintable()  # noqa: PT017 -- acceptance is lawful here too
        shutil.rmtree(out, ignore_errors=True)


# The worked example


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> CeremonyFolder:
    root = tmp_path_factory.mktemp("demo") / "kunming"
    kunming_demo(root, rehearsal=True)
    return CeremonyFolder(root)


@pytest.mark.slow
def test_a_sample_of_changes_to_the_worked_example(demo: CeremonyFolder) -> None:
    """One byte of each file; that the index tells is enough, as the exhaustive part is done on the small ceremony."""
    names = sorted(
        str(p.relative_to(demo.root))
        for p in demo.root.rglob("*")
        if p.is_file() and p.name != "lock" and "secrets" not in p.parts
    )
    assert len(names) > 50
    for number, name in enumerate(names):
        path = demo.root / name
        data = path.read_bytes()
        at = number * 97 % len(data)
        path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        with pytest.raises(VerificationError, match="folder"):
            demo.verify(as_of=DEMO_AS_OF)
        path.write_bytes(data)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("rosters/targets.tsv", b"\n", b"\r\n"),
        ("rosters/recusals.tsv", b"declared", b"requested"),
        ("results/4.selected.tsv", b"reserve", b"selected"),
        ("receipts/0010-substitution.json", b"sig", b"sog"),
        ("plan.toml", b"30%", b"31%"),
    ],
)
def test_a_sample_of_changes_to_the_worked_example_with_the_sums_written_anew(
    demo: CeremonyFolder, name: str, old: bytes, new: bytes
) -> None:
    path, sums = demo.root / name, demo.root / SUMS
    data, index = path.read_bytes(), sums.read_bytes()
    changed = data.replace(old, new, 1)
    assert changed != data
    path.write_bytes(changed)
    digests = [hashlib.sha256(d).hexdigest().encode() for d in (data, changed)]
    sums.write_bytes(index.replace(*digests))
    try:
        with pytest.raises(VerificationError):
            demo.verify(as_of=DEMO_AS_OF)
    finally:
        path.write_bytes(data)
        sums.write_bytes(index)
