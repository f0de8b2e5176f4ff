"""Stands in for the firmware's frozen `neopixel`, over the stand-in of machine.bitstream. Left out: the time
that the bits take.
"""

from machine import bitstream

_TIMING_NS = ((800, 1700, 1600, 900), (400, 850, 800, 450))


class NeoPixel:
    """`buf` holds the bytes as they go over the wire; ORDER says where red, green, blue, white are in it."""

    ORDER = (1, 0, 2, 3)

    def __init__(self, pin, n, bpp=3, timing=1):
        pin.init(pin.OUT)
        self.pin, self.n, self.bpp = pin, n, bpp
        self.buf = bytearray(n * bpp)
        self.timing = _TIMING_NS[timing] if isinstance(timing, int) else timing

    def __len__(self):
        return self.n

    def __setitem__(self, index, color):
        for part in range(self.bpp):
            self.buf[index * self.bpp + self.ORDER[part]] = color[part]

    def __getitem__(self, index):
        return tuple(self.buf[index * self.bpp + self.ORDER[part]] for part in range(self.bpp))

    def fill(self, color):
        for index in range(self.n):
            self[index] = color

    def write(self):
        bitstream(self.pin, 0, self.timing, self.buf)
