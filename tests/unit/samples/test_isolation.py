"""No sample can crash, hang or bloat the process that asks about it."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from pathlib import Path

import pytest
from audio import make_audio

from reconciler.errors import SampleError
from reconciler.samples.cache import MeasurementCache
from reconciler.samples.measure import measure
from reconciler.samples.measurement import Measurement, to_json
from reconciler.samples.workers import Measurer

HOSTILE = (str(Path(__file__).with_name("hostile_worker.py")), "30", "300")
IMPATIENT, STINGY = (HOSTILE[0], "30", "0.3"), (HOSTILE[0], "0", "30")
"""Give a file less time than a worker would: by the clock, and of a core (what is left of the first second)."""

ASK = """
import json, os, sys
from pathlib import Path
from reconciler.samples.cache import MeasurementCache
from reconciler.samples.workers import Measurer

def ask():
    with Measurer(MeasurementCache(Path(sys.argv[1])), workers=2, program=sys.argv[2:5]) as measurer:
        return measurer.measure_all([(Path(name), sha256) for name, sha256 in json.loads(sys.argv[5])])
"""


@cache
def real_measurement() -> Measurement:
    """Return what is measured on a second of sound."""
    with tempfile.TemporaryDirectory() as folder:
        return measure(make_audio(Path(folder, "a.wav"), container="wav", seconds=1))


class Samples:
    """Files that tell the hostile worker what to do, and a cache."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cache = MeasurementCache(folder / "cache")
        (folder / "measured.json").write_text(json.dumps(to_json(real_measurement())))

    def write(self, order: str, *, name: str | None = None) -> tuple[Path, str]:
        content = order.encode() + b"\n"
        path = self.folder / (name or f"{order.partition(' ')[0]}.wav")
        path.write_bytes(content)
        return path, sha256(content).hexdigest()

    def measurer(self, program: tuple[str, ...] = HOSTILE, *, workers: int = 1) -> Measurer:
        return Measurer(self.cache, workers=workers, program=program)

    def ask(self, script: str, *samples: tuple[Path, str]) -> subprocess.Popen[str]:
        """Start another parent of workers, in a session of its own."""
        names = json.dumps([(str(path), sha256) for path, sha256 in samples])
        return subprocess.Popen(
            [sys.executable, "-c", ASK + script, str(self.folder / "cache"), *HOSTILE, names],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )


@pytest.fixture
def samples(tmp_path: Path) -> Samples:
    return Samples(tmp_path)


def refusal(measurer: Measurer, sample: tuple[Path, str]) -> SampleError:
    with pytest.raises(SampleError) as caught:
        measurer.measure(*sample)
    return caught.value


def process_of(measurement: Measurement | SampleError) -> int:
    assert isinstance(measurement, Measurement)
    return measurement.waveform.low[0]


def wait_for_end(pid: int) -> bool:
    """Return whether the process ends; it need not be a child of this one."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], 30)[0])
    finally:
        os.close(descriptor)


@pytest.mark.parametrize(
    ("order", "why"),
    [
        ("segfault", "the decoder crashed on it (SIGSEGV)"),
        ("abort", "the decoder crashed on it (SIGABRT)"),
        ("leave", "the decoder gave up on it (exit status 7)"),
        ("bloat", "it takes more than"),
        ("bug", "a bug in voicectl: ZeroDivisionError at hostile_worker.py:"),
        ("nan", "a bug in voicectl: ValueError"),
    ],
)
def test_one_bad_file_is_an_error_and_the_others_go_on(samples: Samples, order: str, why: str) -> None:
    asked = [samples.write(f"fine {number}", name=f"{number}.wav") for number in range(2)]
    asked.insert(1, samples.write(order))
    with samples.measurer() as measurer:
        before, error, after = measurer.measure_all(asked)

    assert isinstance(before, Measurement)
    assert isinstance(after, Measurement)
    assert isinstance(error, SampleError)
    assert error.rule == "sample.unreadable"
    assert error.where == str(asked[1][0])
    assert error.why.startswith(why)
    assert error.fix


@pytest.mark.parametrize(
    ("order", "program", "limit"),
    [("hang", IMPATIENT, "300 s"), ("wait", IMPATIENT, "300 s"), ("spin", STINGY, "60 s of computing")],
)
def test_a_decoder_that_never_returns_is_ended(
    samples: Samples, order: str, program: tuple[str, ...], limit: str
) -> None:
    with samples.measurer(program) as measurer:
        error = refusal(measurer, samples.write(order))

    assert error.rule == "sample.unreadable"
    assert error.why == f"the decoder was not through with it after {limit}"


@pytest.mark.parametrize("order", ["segfault", "bug", "bloat"])
def test_what_may_be_this_machines_fault_is_not_kept(samples: Samples, order: str) -> None:
    sample = samples.write(order)
    with samples.measurer() as measurer:
        refusal(measurer, sample)

    assert samples.cache.get(sample[1]) is None


def test_a_worker_measures_one_file_after_another(samples: Samples) -> None:
    asked = [samples.write(f"fine {number}", name=f"{number}.wav") for number in range(5)]
    with samples.measurer() as measurer:
        found = measurer.measure_all(asked)

    assert len({process_of(each) for each in found}) == 1
    assert os.getpid() not in {process_of(each) for each in found}


def test_all_workers_are_busy_at_once(samples: Samples) -> None:
    fifo = samples.folder / "fifo"
    os.mkfifo(fifo)
    asked = [samples.write(f"meet {role} {fifo}", name=role) for role in "rw"]
    with samples.measurer(workers=2) as measurer:
        found = measurer.measure_all(asked)

    assert len({process_of(each) for each in found}) == 2


def test_the_order_is_kept_and_equal_bytes_are_measured_once(samples: Samples) -> None:
    done: list[int] = []
    first, again = samples.write("count", name="first.wav"), samples.write("count", name="again.wav")
    other = samples.write("fine and longer")
    with samples.measurer(workers=2) as measurer:
        found = measurer.measure_all([first, other, first, again], done.append)

    assert [each.probe.size for each in found if isinstance(each, Measurement)] == [6, 16, 6, 6]
    assert (samples.folder / "first.looks").read_text() == "x"
    assert not (samples.folder / "again.looks").exists()
    assert done == [1, 2]


def test_what_the_cache_knows_needs_no_worker(samples: Samples) -> None:
    fine, bad = samples.write("fine"), samples.write("refuse")
    with samples.measurer() as measurer:
        found = measurer.measure_all([fine, bad])
    done: list[int] = []
    with samples.measurer(("-c", "no program")) as measurer:
        assert measurer.measure(*fine) == found[0]
        assert refusal(measurer, bad).what == "refuse.wav is Ogg"
        assert measurer.measure_all([fine, fine], done.append) == [found[0]] * 2

    assert done == [1]
    assert (samples.folder / "refuse.looks").read_text() == "x"


def test_the_words_of_an_error_name_the_file_that_was_asked_about(samples: Samples) -> None:
    first, again = samples.write("refuse", name="first.wav"), samples.write("refuse", name="again.wav")
    with samples.measurer() as measurer:
        found = measurer.measure_all([first, again])

        third = refusal(measurer, samples.write("refuse", name="third.wav"))

    assert [str(each) for each in (*found, third)] == [f"{name}.wav is Ogg" for name in ("first", "again", "third")]


@pytest.mark.parametrize("order", ["grow", "vanish"])
def test_a_file_that_changes_meanwhile_is_not_kept(samples: Samples, order: str) -> None:
    sample = samples.write(order)
    with samples.measurer() as measurer:
        error = refusal(measurer, sample)

    assert error.rule == "sample.changing"
    assert samples.cache.get(sample[1]) is None


def test_a_file_that_has_changed_before_is_not_kept(samples: Samples) -> None:
    path, _ = samples.write("fine")
    other = sha256(b"what it was").hexdigest()
    with samples.measurer() as measurer:
        assert refusal(measurer, (path, other)).rule == "sample.changing"

    assert samples.cache.get(other) is None


def test_a_worker_that_was_killed_while_idle_is_replaced(samples: Samples) -> None:
    with samples.measurer() as measurer:
        first = process_of(measurer.measure(*samples.write("fine")))
        os.kill(first, signal.SIGKILL)
        assert wait_for_end(first)
        second = process_of(measurer.measure(*samples.write("fine again")))

    assert first != second


def test_what_a_library_prints_goes_nowhere(samples: Samples, capfd: pytest.CaptureFixture[str]) -> None:
    with samples.measurer() as measurer:
        measurer.measure(*samples.write("chatter"))

    assert capfd.readouterr() == ("", "")


def test_blas_has_one_thread_a_worker(samples: Samples) -> None:
    with samples.measurer() as measurer:
        assert process_of(measurer.measure(*samples.write("threads")))


def test_a_worker_that_cannot_start_is_no_samples_fault(samples: Samples) -> None:
    sample = samples.write("fine")
    with samples.measurer(("-c", "raise SystemExit(3)")) as measurer, pytest.raises(RuntimeError, match="ended with 3"):
        measurer.measure(*sample)


def test_the_workers_end_with_the_measurer(samples: Samples) -> None:
    with samples.measurer() as measurer:
        worker = process_of(measurer.measure(*samples.write("fine")))

    assert wait_for_end(worker)
    with pytest.raises(RuntimeError, match="closed"):
        measurer.measure(*samples.write("fine again"))


@pytest.fixture
def busy(samples: Samples) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Another parent, and its worker that will not return."""
    sample = samples.write("wait")
    os.mkfifo(samples.folder / "wait.pid")
    script = """
try:
    ask()
except KeyboardInterrupt:
    sys.exit(130)
"""
    with samples.ask(script, sample) as parent:
        worker = int((samples.folder / "wait.pid").read_text())
        yield parent, worker


def test_a_ctrl_c_ends_parent_and_workers_without_a_word(busy: tuple[subprocess.Popen[str], int]) -> None:
    parent, worker = busy
    os.killpg(parent.pid, signal.SIGINT)

    assert parent.communicate(timeout=30) == ("", "")
    assert parent.returncode == 130
    assert wait_for_end(worker)


def test_a_parent_that_finishes_after_a_ctrl_c_keeps_its_workers(samples: Samples) -> None:
    sample = samples.write("pause")
    for suffix in (".pid", ".go"):
        os.mkfifo(sample[0].with_suffix(suffix))
    script = """
import signal
signal.signal(signal.SIGINT, lambda *_: print("finishing", flush=True))
print(*[each.probe.size for each in ask()])
"""
    with samples.ask(script, sample) as parent:
        sample[0].with_suffix(".pid").read_text()
        os.killpg(parent.pid, signal.SIGINT)
        assert parent.stdout
        assert parent.stdout.readline() == "finishing\n"
        go = os.open(sample[0].with_suffix(".go"), os.O_RDWR)  # does not wait for a reader that may be gone
        os.write(go, b"go\n")

        assert parent.communicate(timeout=30) == ("6\n", "")
        os.close(go)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_no_worker_outlives_its_parent(busy: tuple[subprocess.Popen[str], int], number: signal.Signals) -> None:
    parent, worker = busy
    parent.send_signal(number)

    assert parent.communicate(timeout=30) == ("", "")
    assert wait_for_end(worker)


def test_a_forked_child_can_measure(samples: Samples) -> None:
    script = """
child = os.fork()
if child == 0:
    print(*[each.probe.size for each in ask()], flush=True)
    os._exit(0)
sys.exit(os.waitpid(child, 0)[1])
"""
    with samples.ask(script, samples.write("fine"), samples.write("count")) as parent:
        assert parent.communicate(timeout=30) == ("5 6\n", "")
        assert parent.returncode == 0


def test_real_samples_are_measured_as_in_this_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also from a folder with a package that has our name."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "reconciler").mkdir()
    (tmp_path / "reconciler" / "__init__.py").write_text("raise SystemExit('not this one')")
    good = make_audio(tmp_path / "good.mp3", container="mp3", seconds=4)
    bad = make_audio(tmp_path / "bad.mp3", container="ogg", seconds=4)
    asked = [(path, sha256(path.read_bytes()).hexdigest()) for path in (good, bad)]
    with Measurer(MeasurementCache(tmp_path / "cache")) as measurer:
        measured, error = measurer.measure_all(asked)

    assert measured == measure(good)
    assert isinstance(error, SampleError)
    assert error.rule == "sample.format"
