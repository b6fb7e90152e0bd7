"""What the library and a serving process weigh, and how soon the service answers (goal 10)."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from statistics import median

from benchmarks.load import server
from benchmarks.measuring import Measured, Sample
from benchmarks.reporting import Goal, Report, main

_IMPORT = """
import time
before = time.process_time()
{statement}
spent = time.process_time() - before
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(spent * 1e6, int(status["VmHWM"].split()[0]) / 1024)
"""
REQUESTS = 100_000
MORE = 200_000


def imported(statement: str, rounds: int) -> tuple[Measured, float]:
    """CPU of an import in fresh processes beyond the interpreter's own start, and its peak memory in MiB."""
    samples, peaks = [], []
    for _ in range(rounds + 1):  # the first may have to compile
        command = [sys.executable, "-c", _IMPORT.format(statement=statement)]
        started = time.perf_counter()
        done = subprocess.run(command, check=True, capture_output=True, text=True, env=_with_bytecode())
        cpu, peak = (float(number) for number in done.stdout.split())
        samples.append(Sample(cpu, (time.perf_counter() - started) * 1e6))
        peaks.append(peak)
    return Measured(statement, tuple(samples[1:])), median(peaks[1:])


def _with_bytecode() -> dict[str, str]:
    """The environment, with compiled modules kept as after any installation; in a folder of our own."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": str(Path(tempfile.gettempdir()) / "segue-benchmarks-bytecode")}


def first_answer(rounds: int) -> float:
    """Seconds of wall time from the start of `segue serve` to its first answer, the median."""
    segue = Path(sys.executable).with_name("segue")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run([segue, "init"], cwd=folder, check=True, capture_output=True)
        settings = folder / "segue.toml"
        settings.write_text(settings.read_text().partition("[[provider]]")[0])  # nobody to migrate from
        ports = [_free_port() for _ in range(rounds)]
        return median(
            _first_answer([str(segue), "serve", "--port", str(port)], folder, port) for port in ports
        )


def _first_answer(command: list[str], folder: Path, port: int) -> float:
    started = time.perf_counter()
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=_with_bytecode()
    ) as process:
        try:
            while True:
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5).close()
                except OSError:
                    if process.poll() is not None:
                        assert process.stderr is not None
                        raise RuntimeError(process.stderr.read().decode()) from None
                    time.sleep(0.002)
                else:
                    return time.perf_counter() - started
        finally:
            process.terminate()


def _free_port() -> int:
    import socket  # noqa: PLC0415

    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def measure(report: Report, rounds: int) -> None:
    """Imports in fresh processes; a server after 100 000 requests and after as many again, twice."""
    ours, our_peak = imported("import segue", rounds)
    peer, peer_peak = imported("import supertokens_python.recipe.session", rounds)
    nothing, nothing_peak = imported("pass", rounds)
    report.measured = [ours, peer, nothing]
    with server("bare") as bare:
        bare.load("/hot", REQUESTS)
        bare.load("/cold", 1000)
        loaded = bare.usage()
        bare.load("/hot", MORE)
        later = bare.usage()
    start = first_answer(rounds)
    report.figures = {
        "MiB RSS, supertokens_python.recipe.session": peer_peak,
        "MiB RSS, the interpreter alone": nothing_peak,
        "MiB PSS of the server after the requests": later["pss"],
    }
    report.goals = [
        Goal(number=10, text="import segue", value=ours.cpu / 1000, bar=60, unit="ms", at_least=False),
        Goal(
            number=10,
            text="RSS of `import segue`, interpreter included",
            value=our_peak,
            bar=25,
            unit="MiB",
            at_least=False,
        ),
        Goal(
            number=10,
            text="RSS of a server after 100 000 requests",
            value=loaded["rss"],
            bar=80,
            unit="MiB",
            at_least=False,
        ),
        Goal(
            number=10,
            text="growth over 200 000 more",
            value=(later["rss"] / loaded["rss"] - 1) * 100,
            bar=1,
            unit="%",
            at_least=False,
        ),
        Goal(
            number=10,
            text="segue serve: start to first answer",
            value=start,
            bar=0.7,
            unit="s",
            at_least=False,
        ),
    ]


if __name__ == "__main__":
    main("footprint", measure)
