"""Connects per second over time: as lines of text, and as SVG."""

from collections.abc import Iterator

from host_tools.simulate.bins import Bars, bars
from host_tools.simulate.timeline import Timeline

_ROWS = 24
_COLUMNS = 60
_SVG_BARS = 200
_WIDTH, _HEIGHT = 800, 320
_LEFT, _RIGHT, _TOP, _BOTTOM = 80, 20, 50, 50
_INK, _ACCEPTED, _REFUSED = "#333333", "#2b7a3d", "#c65a11"


def text(timeline: Timeline) -> list[str]:
    """A histogram, one line a bar: `#` is a connect that was accepted, `.` one that was refused."""
    drawn = bars(timeline, _ROWS)
    lines = [f"{timeline.what} per second (# accepted, . refused)"]
    for number, (accepted, refused) in enumerate(drawn.rates):
        whole = round((accepted + refused) / drawn.top * _COLUMNS)
        taken = min(whole, round(accepted / drawn.top * _COLUMNS))
        bar = "#" * taken + "." * (whole - taken)
        lines.append(f"{_seconds(number * drawn.width_ms):>7} s |{bar} {_rate(accepted + refused)}")
    return lines


def svg(timeline: Timeline, title: str) -> str:
    """A picture of `_WIDTH` x `_HEIGHT`, complete in itself."""
    drawn = bars(timeline, _SVG_BARS)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        f'font-family="sans-serif" font-size="12" fill="{_INK}">',
        f"<title>{_escaped(title)}</title>",
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>',
        _label(_LEFT, 20, title, "start"),
        _label(_LEFT, 38, f"{timeline.what} per second: green accepted, orange refused", "start"),
        *_scale(drawn),
        *_svg_bars(drawn),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _svg_bars(drawn: Bars) -> Iterator[str]:
    step = (_WIDTH - _LEFT - _RIGHT) / len(drawn.rates)
    for number, (accepted, refused) in enumerate(drawn.rates):
        left = _LEFT + number * step
        yield from _bar(left, step, _height(0, drawn), _height(accepted, drawn), _ACCEPTED)
        yield from _bar(left, step, _height(accepted, drawn), _height(accepted + refused, drawn), _REFUSED)


def _bar(left: float, step: float, low: float, high: float, colour: str) -> Iterator[str]:
    if low - high > 0:
        yield (
            f'<rect x="{left:.2f}" y="{high:.2f}" width="{max(step - 0.5, 0.5):.2f}" '
            f'height="{low - high:.2f}" fill="{colour}"/>'
        )


def _height(rate: float, drawn: Bars) -> float:
    """Where a rate lies on the picture; y counts downwards."""
    return _HEIGHT - _BOTTOM - rate / drawn.top * (_HEIGHT - _TOP - _BOTTOM)


def _scale(drawn: Bars) -> Iterator[str]:
    for quarter in range(5):
        y = _height(drawn.top * quarter / 4, drawn)
        yield f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.2f}" y2="{y:.2f}" stroke="#dddddd"/>'
        yield _label(_LEFT - 8, y + 4, _rate(drawn.top * quarter / 4), "end")
        x = _LEFT + (_WIDTH - _LEFT - _RIGHT) * quarter / 4
        yield _label(x, _HEIGHT - _BOTTOM + 18, _seconds(len(drawn.rates) * drawn.width_ms * quarter // 4))
    yield _label((_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 12, "seconds")


def _label(x: float, y: float, words: str, anchor: str = "middle") -> str:
    return f'<text x="{x:.2f}" y="{y:.2f}" text-anchor="{anchor}">{_escaped(words)}</text>'


def _escaped(words: str) -> str:
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _rate(per_s: float) -> str:
    return f"{per_s:,.0f}" if per_s >= 10 else f"{per_s:.2g}"


def _seconds(ms: int) -> str:
    return f"{ms / 1000:g}"
