"""`python -m tests.faults.soak --minutes 5`: random faults by seed for a time, then what came of it.

Beside each other: plays, each a virtual board with numbered QoS 1 messages and four faults at once, chosen by
its seed; and one board of each kind that lives through one fault after another for the whole time. Lost: a
number that never arrived. Doubled: one that came again, which QoS 1 allows. Out of order: a first arrival
after a later number's. Ctrl-C ends it with the report so far.
"""

import argparse
import itertools
import json
import os
import random
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from pathlib import Path

from host_tools.interrupts import Interrupts
from tests.faults.lived import Life
from tests.faults.play import Outcome
from tests.faults.report import Report
from tests.faults.seeded import MESSAGES, play_seed
from tests.faults.tally import Arrivals

BOARDS = ("ESP32_GENERIC", "RPI_PICO_W")
_TELL_S = 60.0


def soak(report: Report, minutes: float, at_once: int, stopped: Callable[[], bool]) -> None:
    """Fill `report` until the time is up, and what has begun is at its end; or until `stopped` says so."""
    end_s = time.monotonic() + 60 * minutes
    seeds = itertools.count(report.seed)
    failed = threading.Event()

    def halted() -> bool:
        return failed.is_set() or stopped()

    def over() -> bool:
        return time.monotonic() >= end_s or halted()

    threads = ThreadPoolExecutor(at_once + len(BOARDS))
    with tempfile.TemporaryDirectory(prefix="devcred-soak-") as name, threads as pool:
        folder = Path(name)
        lives = [Life(report, board, random.Random(f"{report.seed} {board}"), halted) for board in BOARDS]
        work = [pool.submit(life.live, folder / str(number), over) for number, life in enumerate(lives)]
        work += [pool.submit(_plays, report, seeds, folder, over, halted) for _ in range(at_once)]
        try:
            _await(work, report)
        except BaseException:
            failed.set()
            raise


def _plays(
    report: Report,
    seeds: "itertools.count[int]",
    folder: Path,
    over: Callable[[], bool],
    stopped: Callable[[], bool],
) -> None:
    """One seed after another; nothing of a play is kept."""
    while not over():
        with report.lock:
            seed = next(seeds)
        place = folder / f"seed-{seed}"
        outcome = play_seed(seed, BOARDS[seed % 2], place, stopped)
        shutil.rmtree(place)
        if not stopped():
            _add(report, seed, outcome)


def _add(report: Report, seed: int, outcome: Outcome) -> None:
    arrivals = Arrivals()
    for number in outcome.numbers:
        arrivals.add(number)
    with report.lock:
        report.plays += 1
        report.arrived(arrivals, MESSAGES)
        report.resets += len(outcome.resets)
        report.strikes += outcome.strikes
        report.causes.update(outcome.causes)
        for seconds in outcome.recoveries_s:
            report.recoveries.add(seconds)
        if not outcome.online or arrivals.count < MESSAGES:
            report.strand(f"seed {seed}")


def _await(work: list[Future[None]], report: Report) -> None:
    """Until all have ended, telling now and then how it stands; raises what a thread raised."""
    while (now := wait(work, _TELL_S, FIRST_EXCEPTION)).not_done:
        for each in now.done:
            each.result()
        with report.lock:
            print(f"{report.plays} plays, {report.lost} lost", file=sys.stderr)
    for each in work:
        each.result()


def main() -> int:
    """Exit code 0 if nothing was lost and every device ended in service; 130 if it was interrupted."""
    parser = argparse.ArgumentParser(prog="soak", description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=5.0)
    # A default that is a text is read as the option is.
    drawn = random.SystemRandom().randrange(1 << 30)
    seed = os.environ.get("DEVCRED_SEED") or drawn
    parser.add_argument("--seed", type=int, default=seed, help="DEVCRED_SEED or chance, if not given")
    parser.add_argument(
        "--at-once", type=int, default=6, help="plays at a time, beside two boards that live on"
    )
    parser.add_argument("--json", action="store_true", help="one object a line")
    given = parser.parse_args()
    report, started_s = Report(given.seed), time.monotonic()
    try:
        with Interrupts() as interrupts:
            _show({"seed": given.seed}, [f"seed {given.seed}"], given.json)
            try:
                soak(report, given.minutes, given.at_once, lambda: bool(interrupts.caught))
            finally:
                report.took_s = time.monotonic() - started_s
                _show(report.facts(), report.lines(), given.json)
    except KeyboardInterrupt:
        print("soak: interrupted", file=sys.stderr)
        return 130
    return 0 if report.is_clean else 1


def _show(facts: dict[str, object], lines: list[str], as_json: bool) -> None:
    print(json.dumps(facts) if as_json else "\n".join(lines), flush=True)


if __name__ == "__main__":
    sys.exit(main())
