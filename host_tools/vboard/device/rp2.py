"""Stands in for the RP2 port's `rp2`: country, and the button. Left out: PIO, DMA, flash."""

from network import country
from vboard_air import driven, listen


def bootsel_button():
    """1 while it is pressed. Left out: the flash stands still meanwhile."""
    listen()
    return driven.get("BOOTSEL", 0)
