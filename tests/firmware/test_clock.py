"""SNTP answers, good and bad, and the clock's floor."""

import struct
import unittest

from devcred import clock

NONCE = b"12345678"
# 2026-11-24T12:00:00Z in both countings: 2208988800 s lie between 1900 and 1970.
UNIX_S = 1795521600
NTP_S = 4004510400


def packet(head=b"\x24\x02", nonce=NONCE, seconds=NTP_S):
    return head + bytes(22) + nonce + bytes(8) + struct.pack(">II", seconds, 0)


class FakeBoard:
    """A clock that can be read and set; it leaves the ticking out."""

    def __init__(self, now_s):
        self.now = now_s

    def now_s(self):
        return self.now

    def set_time(self, unix_s):
        self.now = unix_s

    def guard(self, call):
        raise OSError(-2)


class TestDecode(unittest.TestCase):
    def test_good_answer(self):
        self.assertEqual(clock.decode(packet(), NONCE), UNIX_S)

    def test_after_the_era_ends_in_2036(self):
        self.assertEqual(clock.decode(packet(seconds=100), NONCE), 0x100000000 + 100 - 2208988800)

    def test_short_answer(self):
        self.assertEqual(clock.decode(packet()[:47], NONCE), None)

    def test_answer_to_another_question(self):
        self.assertEqual(clock.decode(packet(nonce=b"87654321"), NONCE), None)

    def test_kiss_of_death(self):
        self.assertEqual(clock.decode(packet(head=b"\x24\x00"), NONCE), None)

    def test_stratum_16_is_not_synchronised(self):
        self.assertEqual(clock.decode(packet(head=b"\x24\x10"), NONCE), None)

    def test_server_whose_clock_is_not_set(self):
        self.assertEqual(clock.decode(packet(head=b"\xe4\x02"), NONCE), None)

    def test_a_client_is_no_server(self):
        self.assertEqual(clock.decode(packet(head=b"\x23\x02"), NONCE), None)


class TestFloor(unittest.TestCase):
    def test_clock_in_2021_is_raised_to_the_floor_when_nobody_answers(self):
        board = FakeBoard(1609459200)
        self.assertEqual(clock.ensure(board, "nobody.invalid", lambda: None), "floor")
        self.assertEqual(board.now, clock.FLOOR_S)

    def test_clock_past_the_floor_is_kept_when_nobody_answers(self):
        board = FakeBoard(UNIX_S)
        self.assertEqual(clock.ensure(board, "nobody.invalid", lambda: None), "kept")
        self.assertEqual(board.now, UNIX_S)


class TestFields(unittest.TestCase):
    def test_as_the_rtc_takes_them(self):
        # 2026-11-24 is a Tuesday: weekday 1, counted from Monday.
        self.assertEqual(clock.fields(UNIX_S), (2026, 11, 24, 1, 12, 0, 0, 0))
