"""What a day comes to, hour by hour and whole, and what of it model and wire must have in common."""

from typing import Any

from host_tools.simulate.day.plan import Absence
from host_tools.simulate.day.tally import HOUR_S, Tally, between
from host_tools.simulate.report import Tolerance
from host_tools.simulate.timeline import peak

_STEP_H = 3
_MS_S = 0.001
AGREE: dict[str, Tolerance] = {
    "deliveries": Tolerance(0.05, 10),
    "degraded": Tolerance(0.25, 15),
    "unanswered": Tolerance(0.15, 15),
    "late": Tolerance(0.25, 10),
    "apply_calls": Tolerance(0.10, 10),
    "apply_failed": Tolerance(0.30, 15),
    **{f"apply_calls_{hour:02}h": Tolerance(0.20, 12) for hour in range(0, 24, _STEP_H)},
}
"""Refusals are not among them: they fall into the first seconds, when everything is applied for at once."""


def of_day(how: str, tally: Tally) -> dict[str, Any]:
    """The figures of one run. ApplyToken that failed counts in the peak, as it does at the service."""
    day, deliveries = tally.day, tally.deliveries()
    ms_deliveries = {at_s * 1000: count for at_s, count in deliveries.items()}
    return {
        "run": how,
        "devices": day.devices,
        "seed": day.seed,
        "scopes": day.scopes or "one for each device",
        "tokens_of_a_device": len(day.tokens_of(0)),
        "life_s": day.life_s,
        "boot_s": day.boot_s,
        "clockless_percent": day.clockless,
        "power_cut_s": day.power_cut_s,
        "service_out_s": _span(day.service_out),
        "server_out_s": _span(day.server_out),
        "peak_apply_per_s": tally.peak_calls(),
        "apply_calls": tally.calls.total(),
        "apply_failed": tally.failed_calls.total(),
        "deliveries": deliveries.total(),
        "peak_deliveries_per_s": peak(ms_deliveries),
        **{name: tally.requests[name].total() for name in ("degraded", "refused", "unanswered")},
        "late": tally.late_devices,
        "late_mean_s": round(tally.late_s / tally.late_devices) if tally.late_devices else 0,
        **{
            f"apply_calls_{hour:02}h": between(tally.calls, hour * HOUR_S, (hour + _STEP_H) * HOUR_S, _MS_S)
            for hour in range(0, 24, _STEP_H)
        },
    }


def hours(tally: Tally) -> list[str]:
    """A table, one line an hour."""
    names = ("degraded", "refused", "unanswered")
    lines = ["hour  delivered  degraded   refused unanswered  ApplyToken  failed  peak/s"]
    for hour in range(-(-tally.day.length_s // HOUR_S)):
        from_s, to_s = hour * HOUR_S, (hour + 1) * HOUR_S
        delivered = between(tally.deliveries(), from_s, to_s)
        degraded, refused, unanswered = (between(tally.requests[name], from_s, to_s) for name in names)
        calls = between(tally.calls, from_s, to_s, _MS_S)
        failed = between(tally.failed_calls, from_s, to_s, _MS_S)
        lines.append(
            f"{hour:>4} {delivered:>10,} {degraded:>9,} {refused:>9,} {unanswered:>10,} "
            f"{calls:>11,} {failed:>7,} {tally.peak_calls(from_s, to_s):>7}"
        )
    return lines


def _span(absence: Absence) -> str:
    return f"{absence.start_s:g} to {absence.end_s:g}" if absence.for_s else "never"
