"""A ceremony in a folder, whatever is tried in whatever order, and wherever the process ends.

Every rule tries one step, lawful or not. What the specification's grammar forbids must raise the library's own error
and change no file; what it allows must be done to the last file. Some steps are interrupted at one of their disk
operations (and their recovery at one of its own): opening the folder again must then give exactly what was there before
the step or exactly what is there after it, the step must be possible where it was undone, and the verification passes.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ceremonies as kit
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from dblrandom.adapters import index, journal
from dblrandom.adapters.folder import CeremonyFolder
from dblrandom.ceremony import Ceremony
from dblrandom.errors import DblrandomError, EntropyError, FolderError, NotYetPublic, StepError
from dblrandom.model import Population

Act = Callable[[Ceremony, dict[str, bytes]], object]
Tree = dict[str, bytes]
Interruption = tuple[int, int | None] | None
"""After how many operations the process ends, and after how many of the recovery's own."""
OPERATIONS = ("mkdir", "write", "fsync", "fsync_directory", "rename", "unlink", "rmdir")
CRASHES = st.none() | st.tuples(st.integers(0, 40), st.none() | st.integers(0, 25))
FEW = (Population("targets", ("id", "district"), tuple((f"F{n}", kit.DISTRICTS[n % 3]) for n in range(9))),)
FEW += (kit.inspectors(5, leaders=2), kit.recusals(*((f"I0{i}", "F0") for i in range(2))))
OTHERS = (
    Population("targets", ("id", "district"), tuple((f"G{n}", kit.DISTRICTS[n % 3]) for n in range(6))),
    *FEW[1:2],
)
PLAN = kit.plan(kit.task(reserves=1))
OTHER_PLAN = kit.plan(kit.task(reserves=0), recusals=None)
ORGANISER = kit.keys("organiser")


class Crash(BaseException):
    """The process is gone: nothing may catch this and go on."""


@contextmanager
def crashing(allowed: int | None) -> Iterator[None]:
    """Within this the journal may do so many operations, and a half-written file where the next one is a write.

    Flushing is left out: what counts here is its place in the order, and a real one is slow on a busy disk.
    """
    plain, left = journal._PLAIN, allowed

    def counted(name: str) -> Callable[..., None]:
        real = getattr(journal.Ops, name)

        def operation(*args: Any) -> None:
            nonlocal left
            if left == 0:
                if name == "write":
                    real(plain, args[0], args[1][: len(args[1]) // 2], args[2])
                raise Crash
            if left is not None:
                left -= 1
            if not name.startswith("fsync"):
                real(plain, *args)

        return operation

    for name in OPERATIONS:
        setattr(plain, name, counted(name))
    try:
        yield
    finally:
        for name in OPERATIONS:
            delattr(plain, name)


def tree(root: Path) -> Tree:
    """Every file but the lock, and empty directories too."""
    found = {}
    for path in root.rglob("*"):
        name = path.relative_to(root).as_posix()
        if path.is_file() and name != "lock":
            found[name] = path.read_bytes()
        elif path.is_dir() and not any(path.iterdir()):
            found[name + "/"] = b""
    return found


def lawful(word: str) -> bool:
    """The grammar of the specification: c commitment, v void, r reveal, d draw, s sealed, u substitution, x result."""
    while word.startswith("cv"):
        word = word[2:]
        if not word:
            return True
    if word in ("", "c"):
        return True
    rest = word[1:].lstrip("sx")
    return word[0] == "c" and (rest in ("", "r") or (rest.startswith("rd") and rest[2:].strip("usx") == ""))


class FolderMachine(RuleBasedStateMachine):
    """What happened so far is ``word``, in the letters of :func:`lawful`, kept beside the code's own idea of it."""

    def __init__(self) -> None:
        super().__init__()
        self.work = Path(tempfile.mkdtemp())
        self.root = self.work / "ceremony"
        self.folder = CeremonyFolder(self.root)
        self.word = ""
        self.public = False
        self.clock = 0
        self.commitments = 0
        self.dated = False
        self.disclosed = False
        self.kept: list[tuple[str, dict[str, Any]]] = []
        self.opened: set[int] = set()

    def teardown(self) -> None:
        shutil.rmtree(self.work)

    def now(self) -> str:
        self.clock += 1
        return f"2024-03-0{2 if self.public else 1}T{self.clock // 60:02d}:{self.clock % 60:02d}:30Z"

    @property
    def secret(self) -> str:
        return f"secret {self.commitments}"

    def values(self) -> dict[str, str]:
        return {"notary": kit.chain_value(3), "discipline": kit.secret(self.secret)}

    def committing(self) -> dict[str, Any]:
        return {"entropy": [kit.chain(), kit.held(of=f"secret {self.commitments + 1}")], "time": self.now()}

    # How a step is tried

    def try_step(self, act: Act, crash: Interruption, expected: bool | None, letter: str) -> bool:
        """Try a step on the folder; ``expected`` says whether it is lawful, or ``None`` where either may be."""
        before = tree(self.root)
        copied = self.work / "copy"
        shutil.copytree(self.root, copied)
        try:
            with crashing(None):
                CeremonyFolder(copied, own=True).update(act)
            done = True
        except (StepError, EntropyError, NotYetPublic):
            done = False
        after = tree(copied)
        shutil.rmtree(copied)
        assert expected is None or done == expected, f"{letter} after {self.word!r}"
        if not done:
            assert after == before, "a refused step has changed a file"
        if crash is None or not done:
            with crashing(None):
                self._again(act, done)
        else:
            self._interrupted(lambda: self.folder.update(act), crash, before, after)
        assert tree(self.root) == after
        if done and letter != "w":
            self.word += letter
        return done

    def _again(self, act: Act, done: bool) -> None:
        try:
            self.folder.update(act)
        except DblrandomError:
            assert not done

    def _interrupted(
        self, step: Callable[[], object], crash: tuple[int, int | None], before: Tree, after: Tree
    ) -> None:
        try:
            with crashing(crash[0]):
                step()
        except Crash:
            pass
        else:
            return
        settled = {name: data for name, data in tree(self.root).items() if name != ".pending/"}
        committed = (self.root / ".pending" / "journal").exists() or settled == after
        self.folder = CeremonyFolder(self.root)
        for allowed in (crash[1], None):
            try:
                with crashing(allowed):
                    self.folder.update(lambda ceremony, private: None)
            except Crash:
                self.folder = CeremonyFolder(self.root)
            except FolderError:
                assert not before, "only a folder that never began has no ceremony to open"
        assert tree(self.root) == (after if committed else before)
        if not committed:
            with crashing(None):
                step()

    # Steps

    @initialize(crash=CRASHES, upto=st.integers(0, 4))
    def begin(self, crash: Interruption, upto: int = 0) -> None:
        """The first commitment; and, so that what follows a draw is reached often enough, up to three steps more."""
        made = kit.opened(PLAN, FEW)
        kit.commit(made, **self.committing())
        with crashing(None):
            other = CeremonyFolder(self.work / "other")
            other.create(made, kit.policy())
        after = tree(other.root)
        shutil.rmtree(other.root)
        self._interrupted(lambda: self.folder.create(made, kit.policy()), crash or (10**6, None), {}, after)
        assert tree(self.root) == after
        self.word, self.commitments = "c", 1
        for step in (self.wait, lambda: self.reveal(True, None), lambda: self.draw(crash))[:upto]:
            step()

    @rule(other=st.booleans(), crash=CRASHES)
    def commit(self, other: bool, crash: Interruption) -> None:
        changes = self.committing()

        def act(ceremony: Ceremony, _: object) -> None:
            if ceremony.stage == "voided":
                ceremony.redraft(*((OTHER_PLAN, OTHERS) if other else (PLAN, FEW)))
            kit.commit(ceremony, **changes)

        can = lawful(self.word + "c") and not self.public and (self.dated or not self.word.endswith("v"))
        if self.try_step(act, crash, can, "c"):
            self.commitments += 1
            self.dated = self.disclosed = False

    @rule(crash=CRASHES)
    def void(self, crash: Interruption) -> None:
        time = self.now()
        can = lawful(self.word + "v") and not self.public
        if self.try_step(lambda c, _: c.void("synthetic", time=time, keys=ORGANISER), crash, can, "v"):
            self.dated = False

    @rule(by=st.sampled_from(["notary", "discipline"]), crash=CRASHES)
    def witness(self, by: str, crash: Interruption) -> None:
        time = self.now()
        self.try_step(lambda c, _: c.witness(time=time, keys=kit.keys(by)), crash, True, "w")
        self.dated = True

    @rule(true=st.booleans(), crash=CRASHES)
    def disclose(self, true: bool, crash: Interruption) -> None:
        time, what = self.now(), {"discipline": kit.secret(self.secret if true else "no secret")}
        act: Act = lambda c, _: c.witness(time=time, keys=kit.keys("notary"), disclosed=what)  # noqa: E731
        # Whoever discloses and dates at once does not show which was first.
        if self.try_step(act, crash, true and self.dated and not self.word.endswith("v"), "w"):
            self.disclosed = True

    @precondition(lambda self: not self.public)
    @rule()
    def wait(self) -> None:
        """The public values' moment comes; what nobody has dated by then would be void or too late."""
        self.witness("notary", None)
        self.public = True

    def sealed(self, kind: str) -> bool:
        """Whether one is fixed and still closed, so that only that one may be published."""
        return any(k == kind and number not in self.opened for number, (k, _) in enumerate(self.kept))

    def unseen(self, before: int | None = None) -> bool:
        """Whether something that follows the draw is sealed and closed; its body is not where the library looks."""
        return any(
            kind in ("result", "substitution") and number not in self.opened
            for number, (kind, _) in enumerate(self.kept[:before])
        )

    @rule(right=st.booleans(), crash=CRASHES)
    def reveal(self, right: bool, crash: Interruption) -> None:
        time = self.now()
        given = self.values() if right else self.values() | {"notary": kit.chain_value(4)}
        can = lawful(self.word + "r") and self.public and right and not self.sealed("reveal")
        self.try_step(lambda c, _: c.reveal(given, time=time, keys=ORGANISER), crash, can, "r")

    @rule(crash=CRASHES)
    def draw(self, crash: Interruption) -> None:
        time = self.now()
        can = lawful(self.word + "d") and not self.sealed("draw")
        self.try_step(lambda c, _: c.draw(time=time, keys=ORGANISER), crash, can, "d")

    @rule(
        what=st.sampled_from(["target", "inspector", "open"]),
        number=st.integers(0, 8),
        ground=st.sampled_from(["not-found", "illness", "mood"]),
        crash=CRASHES,
    )
    def substitute(self, what: str, number: int, ground: str, crash: Interruption) -> None:
        time, name = self.now(), f"I0{number % 5}" if what == "inspector" else f"F{number}"
        can = lawful(self.word + "u") and ground != "mood" and not self.unseen()
        can = can and self.stands(what, name)
        act: Act = lambda c, _: c.substitute("1", ground, time=time, keys=ORGANISER, **{what: name})  # noqa: E731
        self.try_step(act, crash, can, "u")

    def stands(self, what: str, name: str) -> bool:
        teams = self.folder.load().standing["1"].teams
        if what == "inspector":
            return any(name in team for team in teams.values())
        return name in teams and (what == "target" or None in teams[name])

    @precondition(lambda self: "d" in self.word or not lawful(self.word + "x"))
    @rule(number=st.integers(0, 8), code=st.sampled_from(["closed", "pending"]), crash=CRASHES)
    def result(self, number: int, code: str, crash: Interruption) -> None:
        """Before the draw nobody but the holder of a secret can know whether a result is of a drawn target."""
        time, target = self.now(), f"F{number}"
        outcome = {target: [code]}
        state = self.folder.load().standing["1"] if "d" in self.word else None
        can = state is not None and target in state.due and state.told.get(target, ("pending",)) == ("pending",)
        can = can and not self.unseen()
        self.try_step(lambda c, _: c.result("1", outcome, time=time, keys=ORGANISER), crash, can, "x")

    @precondition(lambda self: self.public)
    @rule(kind=st.sampled_from(["reveal", "draw"]), crash=CRASHES)
    def seal_the_draw(self, kind: str, crash: Interruption) -> None:
        loaded = self.folder.load()
        body: dict[str, Any] = loaded.compute_reveal(self.values())
        if kind == "draw":
            body = loaded.compute_draw(str(body["seed"])).to_json()
        can = lawful(self.word + "s") and not self.disclosed and not self.sealed(kind) and "r" not in self.word
        self.seal(kind, body, crash, can)

    @precondition(lambda self: "d" in self.word)
    @rule(kind=st.sampled_from(["substitution", "result"]), number=st.integers(0, 8), crash=CRASHES)
    def seal_what_follows(self, kind: str, number: int, crash: Interruption) -> None:
        loaded, name = self.folder.load(), f"F{number}"
        try:
            if kind == "result":
                body = loaded.compute_result("1", {name: ["no-problem"]})
            else:
                body = loaded.compute_substitution("1", "illness", target=name)
        except StepError:
            return
        # Beside a seal whose body is not known nothing is added that could make it impossible to open.
        self.seal(kind, body, crash, not self.unseen() if kind == "result" or self.unseen() else None)

    def seal(self, kind: str, body: dict[str, Any], crash: Interruption, can: bool | None) -> None:
        time, number = self.now(), len(self.kept)
        blind = f"{number + 1:064x}"

        def act(ceremony: Ceremony, private: dict[str, bytes]) -> None:
            ceremony.seal(kind, body, blind=blind, time=time, keys=ORGANISER)
            private[f"sealed-{number}"] = blind.encode()

        if self.try_step(act, crash, can, "s"):
            self.kept.append((kind, body | {"blind": blind}))

    @precondition(lambda self: self.kept)
    @rule(which=st.integers(0, 9), crash=CRASHES)
    def unseal(self, which: int, crash: Interruption) -> None:
        number = which % len(self.kept)
        kind, body = self.kept[number]
        letter = {"reveal": "r", "draw": "d", "result": "x", "substitution": "u"}[kind]
        # What another substitution or result has overtaken is not the rule's answer any more, and stays sealed.
        can = None if letter in "ux" and lawful(self.word + letter) else lawful(self.word + letter)
        can = can if number not in self.opened and not (letter in "ux" and self.unseen(number)) else False
        time = self.now()
        if self.try_step(lambda c, _: c.unseal(kind, body, time=time, keys=ORGANISER), crash, can, letter):
            self.opened.add(number)

    @invariant()
    def everything_holds(self) -> None:
        if not self.word:
            return
        listed = index.check(self.root)
        files = {n for n in tree(self.root) if n != index.INDEX_NAME and not n.startswith("secrets/")}
        assert set(listed) == files
        report = self.folder.verify(kit.policy(), as_of=kit.COMMITTED)
        assert report.stage == self.folder.load().stage
        assert (report.stage == "drawn") == ("d" in self.word)


FolderMachine.TestCase.settings = settings(
    max_examples=30,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestFolder = FolderMachine.TestCase


def test_the_machine_notices_a_step_that_is_written_without_the_journal(monkeypatch: Any, tmp_path: Path) -> None:
    """A net that never catches anything proves nothing."""

    def straight(root: Path, changes: Any, **_: Any) -> None:
        for name, change in changes.items():
            path = Path(root) / name
            journal._PLAIN.unlink(path) if path.exists() else path.parent.mkdir(parents=True, exist_ok=True)
            if change.data is not None:
                journal._PLAIN.write(path, change.data, change.mode)

    monkeypatch.setattr(journal, "apply", straight)
    caught = 0
    for allowed in range(6):
        machine = FolderMachine()
        try:
            machine.begin(None)
            machine.witness("notary", (allowed, None))
        except (AssertionError, DblrandomError, Crash):
            caught += 1
        finally:
            machine.teardown()
    assert caught
