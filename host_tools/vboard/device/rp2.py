"""Stands in for the RP2 port's `rp2`: country, and a button nobody presses. Left out: PIO, DMA, flash."""

from network import country


def bootsel_button():
    return 0
