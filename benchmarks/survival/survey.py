"""Every client under every fault, and how fast they are without one."""

import statistics
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from benchmarks.figures import Figure, Matrix
from benchmarks.plan import Plan
from benchmarks.survival.peers import OURS, PEERS, SIMPLE, Peer, module_path
from benchmarks.survival.play import Fate, play
from benchmarks.survival.rows import FAST, FAULTLESS, RECOVERY, ROWS, Row

# They wait much more than they work.
AT_ONCE = 28
_BENCH = "survival"
_FAST_RUNS = 3
_GOOD = ("survives", "told apart")


class _Stage:
    """Plays, each in a folder of its own."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._count = 0
        self._paths = {peer.name: module_path(peer, plan.folder) for peer in PEERS}

    def one(self, peer: Peer, row: Row) -> Fate:
        """One play."""
        self._count += 1
        folder = (
            self._plan.folder / _BENCH / f"{self._count}-{peer.name}-{ROWS.index(row) if row in ROWS else 0}"
        )
        return play(peer, self._paths[peer.name], row, folder)

    def all(self, plays: Sequence[tuple[Peer, Row]]) -> list[Fate]:
        """Some at a time, in the order given."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(lambda each: self.one(*each), plays))


def measure(plan: Plan) -> list[Figure | Matrix]:
    """The table of who survives what, then times; those that fail without a fault are in the table alone."""
    stage = _Stage(plan)
    plan.say(f"{_BENCH}: {len(PEERS)} clients without a fault")
    tried = [stage.one(peer, FAULTLESS) for peer in PEERS]
    able = [peer for peer, fate in zip(PEERS, tried, strict=True) if fate.verdict == "survives"]
    plan.say(f"{_BENCH}: {len(able)} clients under {len(ROWS)} faults")
    fates = stage.all([(peer, row) for row in ROWS for peer in able])
    matrix = Matrix(_BENCH, "fault", [peer.title() for peer in PEERS])
    matrix.rows[FAULTLESS.name] = [_first(fate) for fate in tried]
    for position, row in enumerate(ROWS):
        cells = {
            peer.name: fate.verdict for peer, fate in zip(able, fates[position * len(able) :], strict=False)
        }
        matrix.rows[row.name] = [cells.get(peer.name, "-") for peer in PEERS]
    matrix.kept = all(cells[0] in _GOOD for cells in matrix.rows.values())
    return [matrix, *_times(plan, stage, able)]


def _first(fate: Fate) -> str:
    """For a client that does not do even without a fault, also the first thing it complained of."""
    if fate.verdict == "survives":
        return fate.verdict
    why = next((line.removeprefix("why ") for line in fate.said if line.startswith("why ")), fate.error)
    return f"{fate.verdict}: {why}"


def _times(plan: Plan, stage: _Stage, able: Sequence[Peer]) -> list[Figure]:
    connect = Figure(_BENCH, "connect", "ms", less=True)
    publish = Figure(_BENCH, "one QoS 1 publish, acknowledged", "ms", less=True)
    recovery = Figure(_BENCH, "next number after a close", "s", less=True)
    plan.say(f"{_BENCH}: times")
    for _ in range(_FAST_RUNS * plan.runs):
        for peer in able:
            fate = stage.one(peer, FAST)
            connect.add(peer.name, _us(fate, "connected")[0] / 1000)
            publish.add(peer.name, statistics.median(_us(fate, "acked")[1:]) / 1000)
    for peer, fate in _recoveries(plan, stage, able):
        if fate.verdict == "survives" and fate.gap_s is not None:
            recovery.add(peer.name, fate.gap_s)
    return [_beside_simple(connect), _beside_simple(publish), recovery]


def _recoveries(plan: Plan, stage: _Stage, able: Sequence[Peer]) -> list[tuple[Peer, Fate]]:
    plays = [(peer, RECOVERY) for peer in able for _ in range(plan.runs)]
    return [(peer, fate) for (peer, _), fate in zip(plays, stage.all(plays), strict=True)]


def _us(fate: Fate, event: str) -> list[float]:
    return [float(line.split()[-1]) for line in fate.said if line.startswith(event)]


def _beside_simple(figure: Figure) -> Figure:
    """The same readings with umqtt.simple right behind ours."""
    order = [name for name in (OURS.name, SIMPLE.name) if name in figure.readings]
    order += [name for name in figure.readings if name not in order]
    figure.readings = {name: figure.readings[name] for name in order}
    return figure
