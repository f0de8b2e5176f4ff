"""Stored records: whole, torn, garbled, and the newest of two slots."""

import binascii
import struct
import unittest

from asking import refusal, said, shown
from devcred import records
from devcred.records import CREDENTIAL, WIFI, RecordError

PAYLOAD = b'{"secret": "Canary7f3a"}'


def signed(body):
    """The body with a right checksum, whatever it holds."""
    return body + struct.pack(">I", binascii.crc32(body))


def why(data, kind=CREDENTIAL):
    """The text of the refusal of `data`."""
    return said(records.unpack, data, kind, error=RecordError)


class TestRoundTrip(unittest.TestCase):
    def test_sequence_numbers(self):
        for sequence in (0, 1, 255, 65536, 0x7FFFFFFF, 0x80000000, records.SEQUENCE_MAX):
            data = records.pack(CREDENTIAL, sequence, PAYLOAD)
            self.assertEqual(records.unpack(data, CREDENTIAL), (sequence, PAYLOAD))

    def test_payloads(self):
        for length in (0, 1, 255, 256, records.PAYLOAD_MAX_BYTES):
            payload = bytes(i & 255 for i in range(length))
            data = records.pack(WIFI, 1, payload)
            self.assertEqual(len(data), records.HEADER_LEN + length + records.CRC_LEN)
            self.assertEqual(records.unpack(data, WIFI), (1, payload))

    def test_the_bytes_on_flash(self):
        body = b"DVCR" + b"\x01" + b"\x02" + b"\x00\x00\x00\x05" + b"\x00\x02" + b"hi"
        self.assertEqual(records.pack(WIFI, 5, b"hi"), signed(body))
        self.assertEqual(binascii.crc32(b"123456789"), 0xCBF43926)

    def test_a_bytearray_is_read_and_bytes_come_back(self):
        data = bytearray(records.pack(CREDENTIAL, 1, PAYLOAD))
        payload = records.unpack(data, CREDENTIAL)[1]
        self.assertIsInstance(payload, bytes)
        self.assertEqual(payload, PAYLOAD)

    def test_what_cannot_be_packed(self):
        for sequence in (-1, records.SEQUENCE_MAX + 1):
            self.assertEqual(said(records.pack, CREDENTIAL, sequence, b""), "sequence: out of range")
        long = bytes(records.PAYLOAD_MAX_BYTES + 1)
        self.assertEqual(said(records.pack, CREDENTIAL, 1, long), "payload: 2049 bytes, at most 2048")


class TestDamage(unittest.TestCase):
    def test_every_truncation(self):
        data = records.pack(CREDENTIAL, 7, PAYLOAD)
        for length in range(len(data)):
            self.assertEqual(why(data[:length]), "truncated")

    def test_every_truncation_followed_by_erased_flash(self):
        data = records.pack(CREDENTIAL, 7, PAYLOAD)
        for length in range(len(data)):
            if data[length:] != b"\xff" * (len(data) - length):
                why(data[:length] + b"\xff" * (len(data) - length))

    def test_every_flip_of_one_bit(self):
        data = bytearray(records.pack(CREDENTIAL, 7, PAYLOAD))
        for index in range(len(data)):
            for bit in range(8):
                data[index] ^= 1 << bit
                why(data)
                data[index] ^= 1 << bit
        records.unpack(data, CREDENTIAL)

    def test_every_byte_replaced(self):
        data = bytearray(records.pack(CREDENTIAL, 7, b"x"))
        for index in range(len(data)):
            kept = data[index]
            for value in range(256):
                if value != kept:
                    data[index] = value
                    why(data)
            data[index] = kept

    def test_two_bytes_exchanged(self):
        data = bytearray(records.pack(CREDENTIAL, 7, PAYLOAD))
        for index in range(len(data) - 1):
            data[index], data[index + 1] = data[index + 1], data[index]
            if data[index] != data[index + 1]:
                why(data)
            data[index], data[index + 1] = data[index + 1], data[index]

    def test_too_long(self):
        self.assertEqual(why(records.pack(CREDENTIAL, 7, PAYLOAD) + b"\x00"), "too long")

    def test_not_a_record(self):
        self.assertEqual(why(b""), "truncated")
        for data in (b"\xff" * 64, bytes(64), b"dvcr" + bytes(60)):
            self.assertEqual(why(data), "not a record")

    def test_another_format_even_with_a_right_checksum(self):
        for form in (0, 2, 255):
            body = struct.pack(records.HEADER_FMT, b"DVCR", form, CREDENTIAL, 1, 0)
            self.assertEqual(why(signed(body)), "format %d is not known here" % form)

    def test_another_kind(self):
        self.assertEqual(why(records.pack(WIFI, 1, PAYLOAD)), "of another kind")
        self.assertEqual(why(records.pack(CREDENTIAL, 1, PAYLOAD), WIFI), "of another kind")

    def test_no_refusal_shows_the_payload(self):
        data = records.pack(CREDENTIAL, 7, PAYLOAD)
        for wrong in (data[:-1], data + b"\x00", data[:-1] + b"\x00", records.pack(WIFI, 1, PAYLOAD)):
            self.assertFalse("Canary7f3a" in shown(refusal(records.unpack, wrong, CREDENTIAL)))
        long = PAYLOAD * 100
        self.assertFalse("Canary7f3a" in shown(refusal(records.pack, CREDENTIAL, 1, long)))


class TestNewest(unittest.TestCase):
    def setUp(self):
        self.old = records.pack(CREDENTIAL, 3, b"old")
        self.new = records.pack(CREDENTIAL, 4, b"new")

    def test_the_higher_sequence_number_wins_in_either_slot(self):
        self.assertEqual(records.newest((self.old, self.new), CREDENTIAL), (1, 4, b"new"))
        self.assertEqual(records.newest((self.new, self.old), CREDENTIAL), (0, 4, b"new"))

    def test_numbers_are_compared_without_a_sign(self):
        high = records.pack(CREDENTIAL, 0x80000000, b"high")
        self.assertEqual(records.newest((self.old, high), CREDENTIAL)[2], b"high")

    def test_one_slot_empty(self):
        for empty in (None, b""):
            self.assertEqual(records.newest((self.old, empty), CREDENTIAL), (0, 3, b"old"))
            self.assertEqual(records.newest((empty, self.old), CREDENTIAL), (1, 3, b"old"))

    def test_a_torn_new_one_leaves_the_old_one(self):
        for length in range(len(self.new)):
            torn = self.new[:length]
            self.assertEqual(records.newest((self.old, torn), CREDENTIAL), (0, 3, b"old"))

    def test_a_record_of_another_kind_does_not_count(self):
        other = records.pack(WIFI, 9, b"other")
        self.assertEqual(records.newest((self.old, other), CREDENTIAL), (0, 3, b"old"))

    def test_nothing_usable(self):
        self.assertIsNone(records.newest((None, None), CREDENTIAL))
        self.assertIsNone(records.newest((self.old[:-1], b"\xff" * 40), CREDENTIAL))
        self.assertIsNone(records.newest((), CREDENTIAL))

    def test_the_first_of_equals(self):
        twin = records.pack(CREDENTIAL, 3, b"twin")
        self.assertEqual(records.newest((self.old, twin), CREDENTIAL), (0, 3, b"old"))


class TestPaths(unittest.TestCase):
    def test_the_paths_on_the_device(self):
        # What is on devices in the field lies there already.
        self.assertEqual(records.paths(CREDENTIAL), ("/credential.a", "/credential.b"))
        self.assertEqual(records.paths(WIFI), ("/wifi.a", "/wifi.b"))
