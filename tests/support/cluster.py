"""A Spark application for tests: in one process, or on a cluster of its own on this machine."""

from __future__ import annotations

import gc
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Self

LIGHT = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
SMALL = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.default.parallelism": "2",
    "spark.driver.extraJavaOptions": LIGHT,
    "spark.executor.extraJavaOptions": LIGHT,
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.shuffle.partitions": "2",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}


def java() -> str | None:
    """The Java that Spark will use, where there is one."""
    home = os.environ.get("JAVA_HOME")
    return shutil.which("java", path=f"{home}/bin") if home else shutil.which("java")


def application(master: str = "local[2]", **more: str) -> Any:
    """A Spark connection, the one there is if there is one."""
    from pyspark.sql import SparkSession  # an optional library

    made = SparkSession.builder.master(master).appName("dblrandom tests")
    for key, value in {**SMALL, **more}.items():
        made = made.config(key, value)
    found = made.getOrCreate()
    found.sparkContext.setLogLevel("OFF")
    return found


@cache
def shared() -> Any:
    """The connection that all tests of one process share."""
    return application()


def close_shared() -> None:
    """Stop it, and the JVM's gateway, whose sockets would otherwise be found open when the tests are over."""
    from pyspark import SparkContext

    if shared.cache_info().currsize:
        shared().stop()
        SparkContext._gateway.shutdown()
        SparkContext._gateway = SparkContext._jvm = None
        shared.cache_clear()
        gc.collect()


def frame(spark: Any, rows: Sequence[tuple[str | None, ...]], columns: Sequence[str], parts: int = 1) -> Any:
    """Rows of text as a DataFrame, read by the JVM: this needs no Python on the executors."""
    from pyspark.sql import functions as f  # an optional library

    names = [f"t{n}" for n in range(len(columns))]
    text = json.dumps([dict(zip(names, row, strict=True)) for row in rows])
    schema = ", ".join(f"{name}: string" for name in names)
    made = spark.range(0, 1, 1, 1).select(f.inline(f.from_json(f.lit(text), f"array<struct<{schema}>>")))
    return (made if parts == 1 else made.repartition(parts)).toDF(*columns)


class Cluster:
    """A master and workers of Spark's own kind, on loopback, each a group of processes that can be killed."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._groups: list[subprocess.Popen[bytes]] = []
        self.master = self._ready(self._start("master.Master")).removeprefix("Starting Spark master at ")

    def add_workers(self, count: int = 1) -> list[subprocess.Popen[bytes]]:
        """More workers, each with one core and its executors; returns when the master knows them."""
        logs = [self._start("worker.Worker", "--cores", "1", "--memory", "1g", self.master) for _ in range(count)]
        for log in logs:
            self._ready(log)
        return self._groups[-count:]

    def kill(self, group: subprocess.Popen[bytes]) -> None:
        """Kill a worker and its executors at once."""
        os.killpg(group.pid, signal.SIGKILL)
        group.wait()
        self._groups.remove(group)

    def close(self) -> None:
        """Kill all."""
        for group in [*self._groups]:
            self.kill(group)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _start(self, name: str, *words: str) -> Path:
        """Start a daemon; its log."""
        import pyspark  # an optional library

        home = Path(pyspark.__file__).parent
        log = self._place / f"log{len(list(self._place.glob('log*')))}"
        command = [str(home / "bin" / "spark-class"), f"org.apache.spark.deploy.{name}", "--host", "127.0.0.1"]
        command += ["--port", "0", "--webui-port", "0", *words]
        given = {"SPARK_HOME": str(home), "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_WORKER_DIR": str(self._place / "app")}
        given |= {"SPARK_DAEMON_MEMORY": "256m", "SPARK_DAEMON_JAVA_OPTS": LIGHT}
        with log.open("wb") as out:
            self._groups.append(
                subprocess.Popen(command, stdout=out, stderr=out, env=os.environ | given, process_group=0)
            )
        return log

    def _ready(self, log: Path) -> str:
        """Wait for what a daemon says when it is ready."""
        ready = re.compile(r"Starting Spark master at spark://\S+:[1-9]\d*|Successfully registered with master")
        for _ in range(600):
            if found := ready.search(log.read_text(errors="replace")):
                return found[0]
            time.sleep(0.1)
        self.close()
        raise RuntimeError(f"a part of the cluster did not start:\n{log.read_text(errors='replace')[-2000:]}")


class Program:
    """A draw in a process of its own, which waits at two places until it is told to go on."""

    def __init__(self, master: str) -> None:
        words = [sys.executable, __file__, master]
        self._process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        # A draw that hangs has to fail the test, not to hold it.
        self._limit = threading.Timer(300, self._process.kill)
        self._limit.start()

    def hear(self) -> Any:
        """What it says next."""
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline() or '"it died"')

    def go_on(self) -> None:
        """Let it go on."""
        assert self._process.stdin is not None
        print(file=self._process.stdin, flush=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._limit.cancel()
        self._process.kill()
        self._process.communicate()


KEY = "97b4f6f5bb7bc90b9c00e3126f360eec"
COLUMNS = ("id", "district")
ROWS = [(f"FIRM-{n * 7919 % 4000:05d}", f"d{n % 3}") for n in range(4000)]
WANTED = {("d0",): 30, ("d1",): 5, ("d2",): 400}
SOUGHT = "FIRM-00777"


def answers(roster: Any, frame: Any) -> dict[str, Any]:
    """What a draw shows to the world."""
    lowest = [[candidate.hex() for candidate in found] for found in frame.lowest(KEY, WANTED).values()]
    return {"lowest": lowest, "manifest": roster.manifest.to_json(), "proof": roster.prove(SOUGHT).to_json()}


def _say(what: Any) -> None:
    print(json.dumps(what), flush=True)


class _Pausing:
    """A scan that stops at its first candidate."""

    def __init__(self, scan: Any) -> None:
        self.sizes, self._below = scan.sizes, scan.below

    def below(self, key: str, bounds: Any) -> Iterator[Any]:
        for number, found in enumerate(self._below(key, bounds)):
            if not number:
                _say("drawing")
                sys.stdin.readline()
            yield found


def _main(master: str) -> None:
    from dblrandom.adapters.engines.roster import EngineRoster
    from dblrandom.adapters.engines.spark import SparkTable

    spark = application(
        master,
        **{
            "spark.cores.max": "2",
            "spark.executor.memory": "512m",
            "spark.scheduler.minRegisteredResourcesRatio": "1.0",
            "spark.shuffle.io.maxRetries": "1",
            "spark.shuffle.io.retryWait": "100ms",
            "spark.sql.adaptive.enabled": "true",
            "spark.sql.adaptive.coalescePartitions.enabled": "false",
            "spark.sql.shuffle.partitions": "4",
        },
    )
    table = SparkTable(frame(spark, ROWS, COLUMNS, 4), name="targets", id="id")
    said: list[int] = []

    def pause(rows: int) -> None:
        if not said:
            said.append(rows)
            _say("reading")
            sys.stdin.readline()

    roster = EngineRoster.commit(table, progress=pause)
    drawing: Any = roster.frame({}, ("district",), where="cluster")
    drawing._scan = _Pausing(drawing._scan)
    _say(answers(roster, drawing))


if __name__ == "__main__":
    _main(sys.argv[1])
