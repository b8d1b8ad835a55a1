from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path
from typing import Any

import pytest

from dblrandom.adapters.hashchains import files as chainfiles
from dblrandom.adapters.hashchains import store as chainstore
from dblrandom.adapters.hashchains.files import ChainInfo, Pulse, read_info
from dblrandom.adapters.hashchains.store import extend_copy, init, read_pulse, tick, verify
from dblrandom.adapters.lock import FolderLock
from dblrandom.beacons.hashchain import HashChainBeacon
from dblrandom.errors import (
    EntropyError,
    FolderError,
    InputError,
    NotYetPublic,
    StepError,
    VerificationError,
)
from dblrandom.kernel.entropy import chain_ahead
from dblrandom.kernel.suite import SHA256, SM3, Suite
from dblrandom.model import Source

SEED = bytes(range(32))
OPERATOR = "cd" * 32


def at(hour: int, minute: int = 0) -> str:
    return f"2024-01-{1 + hour // 24:02d}T{hour % 24:02d}:{minute:02d}:00Z"


def make(folder: Path, length: int = 10, suite: Suite = SHA256, **changed: Any) -> ChainInfo:
    given: dict[str, Any] = {"genesis": at(0), "period": 3600, "operator_keyid": OPERATOR, "seed32": SEED}
    return init(folder, length=length, suite=suite, **(given | changed))


@pytest.mark.parametrize("suite", [SHA256, SM3])
@pytest.mark.parametrize("length", [1, 999, 1000, 1001, 2500])
def test_every_step_of_a_chain_is_accepted_by_the_beacon(tmp_path: Path, length: int, suite: Suite) -> None:
    """The lengths are about the distance of the marks, where an error of one step would hide."""
    info = make(tmp_path / "c", length, suite, period=1, genesis="2024-01-01T00:00:00Z")
    assert info.tip == chain_ahead(suite, SEED, length).hex()
    for step in {1, length // 2 or 1, length - 1 or 1, length}:
        shutil.rmtree(tmp_path / "c" / "pulses", ignore_errors=True)
        value = chainstore._value_of(tmp_path / "c", info, step).hex()
        terms: dict[str, str | int] = {"tip": info.tip, "step": step, "operator": OPERATOR}
        source = Source(kind="hashchain", name="c", not_before=at(0), terms=terms)
        HashChainBeacon().check_value(source, value, None, suite=suite, ceremony="x")


def test_the_folder_keeps_its_secret(tmp_path: Path) -> None:
    info = make(tmp_path / "c", 2500)
    assert sorted(os.listdir(tmp_path / "c")) == ["chain.json", "lock", "secrets"]
    assert stat.S_IMODE((tmp_path / "c/secrets").stat().st_mode) == 0o700
    for name in ("chain.seed", "chain.marks"):
        assert stat.S_IMODE((tmp_path / "c/secrets" / name).stat().st_mode) == 0o600
    public = (tmp_path / "c/chain.json").read_text()
    assert SEED.hex() not in public
    assert read_info(tmp_path / "c") == info
    assert ChainInfo.from_json(info.to_json(), "chain") == info


def test_pulses_come_in_time_and_in_order(tmp_path: Path) -> None:
    info = make(tmp_path)
    with pytest.raises(NotYetPublic, match="step 1 is due at 2024-01-01T01:00:00Z"):
        tick(tmp_path, at(0, 59))
    assert not (tmp_path / "pulses").exists()
    (first,) = tick(tmp_path, at(1))
    assert (first.step, first.time, first.tip) == (1, at(1), info.tip)
    with pytest.raises(NotYetPublic, match="step 2"):
        tick(tmp_path, at(1, 59))
    late = tick(tmp_path, at(4, 30))
    assert [(p.step, p.time) for p in late] == [(2, at(2)), (3, at(3)), (4, at(4))]
    assert sorted(os.listdir(tmp_path / "pulses")) == [f"000000{n}.json" for n in (1, 2, 3, 4)]
    assert verify(tmp_path) == (info, 4)
    assert [read_pulse(tmp_path, n) for n in (1, 2, 3, 4)] == [first, *late]


def test_the_end_of_a_chain(tmp_path: Path) -> None:
    info = make(tmp_path, 3)
    assert [p.step for p in tick(tmp_path, at(500))] == [1, 2, 3]
    with pytest.raises(StepError, match="all 3 steps are revealed"):
        tick(tmp_path, at(501))
    assert verify(tmp_path) == (info, 3)


def test_a_clock_that_went_back_reveals_nothing_and_says_so(tmp_path: Path) -> None:
    make(tmp_path)
    tick(tmp_path, at(3))
    with pytest.raises(StepError, match="nothing was revealed: set the clock right"):
        tick(tmp_path, at(2, 59))
    assert len(os.listdir(tmp_path / "pulses")) == 3


def test_a_crash_between_two_pulses_leaves_a_lawful_beginning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info = make(tmp_path)
    plain, calls = chainfiles.sync_file, 0

    def crash(path: Path) -> None:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise KeyboardInterrupt
        plain(path)

    with monkeypatch.context() as patched:
        patched.setattr(chainfiles, "sync_file", crash)
        with pytest.raises(KeyboardInterrupt):
            tick(tmp_path, at(5))
    assert verify(tmp_path) == (info, 2)
    assert [p.step for p in tick(tmp_path, at(5))] == [3, 4, 5]
    assert verify(tmp_path) == (info, 5)
    assert sorted(os.listdir(tmp_path / "secrets")) == ["chain.marks", "chain.seed"]


def test_one_operator_at_a_time(tmp_path: Path) -> None:
    make(tmp_path)
    with FolderLock(tmp_path), pytest.raises(FolderError, match="is changing this folder"):
        tick(tmp_path, at(1))


def test_a_chain_is_never_overwritten(tmp_path: Path) -> None:
    make(tmp_path)
    with pytest.raises(FolderError, match="holds a chain already"):
        make(tmp_path, seed32=bytes(32))
    (tmp_path / "chain.json").unlink()
    with pytest.raises(FolderError, match="holds a chain already"):
        make(tmp_path, seed32=bytes(32))


@pytest.mark.parametrize(
    "changed",
    [
        {"length": 0},
        {"length": 10**6 + 1},
        {"period": 0},
        {"genesis": "2024-01-01"},
        {"operator_keyid": "CD" * 32},
        {"seed32": b"short"},
    ],
)
def test_impossible_chains_leave_no_files(tmp_path: Path, changed: dict[str, Any]) -> None:
    with pytest.raises(EntropyError):
        make(tmp_path / "c", **changed)
    assert not (tmp_path / "c").exists()


def test_without_the_marks_the_seed_alone_will_do(tmp_path: Path) -> None:
    info = make(tmp_path, 2500)
    (tmp_path / "secrets/chain.marks").unlink()
    assert len(tick(tmp_path, at(2))) == 2
    assert verify(tmp_path) == (info, 2)


@pytest.mark.parametrize("data", [b"", b"zz" * 32 + b"\n", b"00" * 31 + b"\n" + b"00" * 31, b"00" * 32 + b"\n"])
def test_damaged_marks_reveal_nothing(tmp_path: Path, data: bytes) -> None:
    make(tmp_path, 2500)
    (tmp_path / "secrets/chain.marks").write_bytes(data)
    with pytest.raises(FolderError, match="secrets"):
        tick(tmp_path, at(1))
    assert not (tmp_path / "pulses").exists()


def test_the_seed_of_another_chain_reveals_nothing(tmp_path: Path) -> None:
    """A value that does not lead to the tip would make every later pulse of the chain worthless."""
    make(tmp_path)
    (tmp_path / "secrets/chain.seed").write_bytes(b"00" * 32 + b"\n")
    with pytest.raises(FolderError, match="do not lead to"):
        tick(tmp_path, at(1))
    assert not (tmp_path / "pulses").exists()


def revealed(folder: Path) -> ChainInfo:
    info = make(folder)
    tick(folder, at(5))
    return info


def test_a_copy_without_secrets_verifies(tmp_path: Path) -> None:
    info = revealed(tmp_path / "c")
    shutil.rmtree(tmp_path / "c" / "secrets")
    (tmp_path / "c" / "lock").unlink()
    assert verify(tmp_path / "c") == (info, 5)
    with pytest.raises(FolderError):
        tick(tmp_path / "c", at(6))


def test_gaps_and_strangers_are_found(tmp_path: Path) -> None:
    revealed(tmp_path)
    pulses = tmp_path / "pulses"
    third = (pulses / "0000003.json").read_bytes()
    (pulses / "0000003.json").unlink()
    with pytest.raises(VerificationError, match="step 3 is missing before 0000005"):
        verify(tmp_path)
    with pytest.raises(FolderError, match="step 3 is missing"):
        tick(tmp_path, at(6))
    (pulses / "0000003.json").write_bytes(third)
    for name in ("0000000.json", "6.json", "0000006.json.bak", "00000006.json", ".0000006.json"):
        (pulses / name).write_bytes(third)
        with pytest.raises(VerificationError, match="no pulse"):
            verify(tmp_path)
        (pulses / name).unlink()
    verify(tmp_path)


def test_every_change_to_a_pulse_is_found(tmp_path: Path) -> None:
    revealed(tmp_path)
    path = tmp_path / "pulses" / "0000003.json"
    data = path.read_bytes()
    for place in range(len(data)):
        path.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        with pytest.raises(VerificationError) as caught:
            verify(tmp_path)
        assert caught.value.check == "hashchain"
    path.write_bytes((tmp_path / "pulses" / "0000002.json").read_bytes())
    with pytest.raises(VerificationError, match="is not step 3"):
        verify(tmp_path)


def test_more_pulses_than_steps(tmp_path: Path) -> None:
    make(tmp_path, 2)
    tick(tmp_path, at(9))
    data = (tmp_path / "pulses" / "0000002.json").read_bytes().replace(b'"step":2', b'"step":3')
    (tmp_path / "pulses" / "0000003.json").write_bytes(data)
    with pytest.raises(VerificationError, match="beyond"):
        verify(tmp_path)
    with pytest.raises(FolderError, match="beyond the chain's 2 steps"):
        tick(tmp_path, at(9))


def test_reading_one_pulse(tmp_path: Path) -> None:
    revealed(tmp_path)
    with pytest.raises(NotYetPublic, match="step 6 has not been revealed; it is due at 2024-01-01T06:00:00Z"):
        read_pulse(tmp_path, 6)
    for step in (-1, 11):
        with pytest.raises(EntropyError):
            read_pulse(tmp_path, step)
    (tmp_path / "pulses" / "0000001.json").write_bytes(b"{}")
    with pytest.raises(InputError, match=r"0000001\.json"):
        read_pulse(tmp_path, 1)


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[]", b'{"genesis": 1}', b"\xff", b"[" * 4000, b'{"suite":"md5"}', b"x" * 5000]
)
def test_a_malformed_chain_is_one_line_of_ours(tmp_path: Path, data: bytes) -> None:
    make(tmp_path)
    (tmp_path / "chain.json").write_bytes(data)
    for reader in (read_info, verify, lambda folder: tick(folder, at(1))):
        with pytest.raises((InputError, FolderError)):
            reader(tmp_path)


def test_a_link_instead_of_the_pulses_is_refused(tmp_path: Path) -> None:
    revealed(tmp_path / "c")
    (tmp_path / "c" / "pulses").rename(tmp_path / "elsewhere")
    (tmp_path / "c" / "pulses").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(VerificationError, match="symbolic link"):
        verify(tmp_path / "c")


def test_step_zero_has_no_pulse(tmp_path: Path) -> None:
    revealed(tmp_path)
    with pytest.raises(InputError, match="step 0"):
        read_pulse(tmp_path, 0)


def test_a_limit_reveals_the_earliest_steps_first(tmp_path: Path) -> None:
    info = make(tmp_path)
    assert [p.step for p in tick(tmp_path, at(5), limit=2)] == [1, 2]
    assert [p.step for p in tick(tmp_path, at(5), limit=2)] == [3, 4]
    assert [p.step for p in tick(tmp_path, at(5), limit=2)] == [5]
    with pytest.raises(NotYetPublic, match="step 6"):
        tick(tmp_path, at(5), limit=2)
    assert verify(tmp_path) == (info, 5)


@pytest.mark.parametrize(
    ("time", "step"),
    [("2020-01-01T00:00:00Z", 1), (at(0), 1), (at(1), 1), (at(1, 1), 2), (at(9, 59), 10), (at(10), 10)],
)
def test_the_first_step_from_a_time_on(tmp_path: Path, time: str, step: int) -> None:
    info = make(tmp_path)
    assert info.step_at(time) == step
    assert info.schedule.time_of(step) >= time


def test_no_step_after_the_end(tmp_path: Path) -> None:
    info = make(tmp_path)
    with pytest.raises(EntropyError, match="the chain ends at 2024-01-01T10:00:00Z"):
        info.step_at(at(10, 1))
    with pytest.raises(EntropyError, match="is not a time"):
        info.step_at("soon")


def test_a_copy_follows_from_its_last_pulse(tmp_path: Path) -> None:
    """One pulse is enough to make all the earlier ones, to the byte."""
    info = revealed(tmp_path / "c")
    assert extend_copy(tmp_path / "copy", info, None) == (0, 0)
    assert verify(tmp_path / "copy") == (info, 0)
    for step, added in ((2, 2), (2, 0), (5, 3), (3, 0)):
        assert extend_copy(tmp_path / "copy", info, read_pulse(tmp_path / "c", step)) == (
            added,
            5 if step == 3 else step,
        )
    assert verify(tmp_path / "copy") == (info, 5)
    for step in range(1, 6):
        name = f"pulses/000000{step}.json"
        assert (tmp_path / "copy" / name).read_bytes() == (tmp_path / "c" / name).read_bytes()


def test_an_interrupted_copy_is_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info = revealed(tmp_path / "c")
    plain, calls = chainfiles.sync_file, 0

    def crash(path: Path) -> None:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise KeyboardInterrupt
        plain(path)

    with monkeypatch.context() as patched:
        patched.setattr(chainfiles, "sync_file", crash)
        with pytest.raises(KeyboardInterrupt):
            extend_copy(tmp_path / "copy", info, read_pulse(tmp_path / "c", 5))
    assert verify(tmp_path / "copy") == (info, 2)
    assert extend_copy(tmp_path / "copy", info, read_pulse(tmp_path / "c", 5)) == (3, 5)
    assert verify(tmp_path / "copy") == (info, 5)


def test_a_copy_takes_nothing_that_does_not_lead_to_what_it_has(tmp_path: Path) -> None:
    info = revealed(tmp_path / "c")
    third = read_pulse(tmp_path / "c", 3)
    forged = Pulse(tip=info.tip, step=4, value="ab" * 32, time=at(4))
    with pytest.raises(EntropyError, match="step 4: its value does not lead to the tip"):
        extend_copy(tmp_path / "copy", info, forged)
    assert not (tmp_path / "copy" / "chain.json").exists()
    extend_copy(tmp_path / "copy", info, third)
    with pytest.raises(EntropyError, match="step 4: its value does not lead to step 3 of this copy"):
        extend_copy(tmp_path / "copy", info, forged)
    with pytest.raises(EntropyError, match="does not lead to step 2 of this copy"):
        extend_copy(tmp_path / "copy", info, Pulse(tip=info.tip, step=2, value="ab" * 32, time=at(2)))
    with pytest.raises(EntropyError, match="step 3 is due at"):
        extend_copy(tmp_path / "copy", info, Pulse(tip=info.tip, step=3, value=third.value, time=at(4)))
    other = make(tmp_path / "d", 11)
    with pytest.raises(EntropyError, match="described otherwise"):
        extend_copy(tmp_path / "copy", other, None)
    assert verify(tmp_path / "copy") == (info, 3)


def test_a_copy_never_goes_into_the_operators_folder(tmp_path: Path) -> None:
    info = revealed(tmp_path / "c")
    with pytest.raises(FolderError, match="holds an operator's secrets"):
        extend_copy(tmp_path / "c", info, None)
