"""Stored records on a real LittleFS, with the power cut at every flash operation."""

import unittest

from devcred import records, store
from devcred.credential import Credential, from_payload
from flash import OnFlash, cuts

OLD = b'{"which": "old"}'
NEW = b'{"which": "new and somewhat longer"}'
KIND = records.CREDENTIAL


class TestStore(OnFlash, unittest.TestCase):
    def test_nothing_stored(self):
        self.assertEqual(store.load(KIND), None)
        self.assertTrue(store.is_blank(KIND))

    def test_saved_is_loaded(self):
        store.save(KIND, OLD)
        self.assertEqual(store.load(KIND), OLD)
        store.save(KIND, NEW)
        self.assertEqual(store.load(KIND), NEW)
        store.save(KIND, OLD)
        self.assertEqual(store.load(KIND), OLD)

    def test_kinds_do_not_mix(self):
        store.save(records.WIFI, OLD)
        self.assertEqual(store.load(KIND), None)

    def test_garbled_is_told_from_blank(self):
        with open(records.paths(KIND)[0], "wb") as file:
            file.write(b"garbage")
        self.assertEqual(store.load(KIND), None)
        self.assertFalse(store.is_blank(KIND))

    def test_garbled_newest_leaves_the_older(self):
        store.save(KIND, OLD)
        store.save(KIND, NEW)
        with open(records.paths(KIND)[1], "wb") as file:
            file.write(records.pack(KIND, 9, NEW)[:-1])
        self.assertEqual(store.load(KIND), OLD)

    def test_power_cut_at_every_operation_leaves_old_or_new(self):
        self.cut_between(OLD, NEW)

    def test_power_cut_at_every_operation_of_a_renewal_leaves_tokens_that_serve(self):
        sets = [{kind: 3 * (kind + turn) for kind in ("R", "W")} for turn in "ab"]
        old, new = [Credential("GID_tok@@@d", "mqtt-x", "LTAI", tokens=each).payload() for each in sets]
        self.cut_between(old, new)
        self.assertEqual(from_payload(store.load(KIND)).tokens, sets[1])

    def cut_between(self, old, new):
        """Saves one after the other, with the power cut at each operation of the second."""
        store.save(KIND, old)
        base = bytes(self.flash.image)
        self.flash.record()
        store.save(KIND, new)
        seen = {old: 0, new: 0}
        for after in cuts(base, self.flash.operations):
            self.power_on(after)
            seen[store.load(KIND)] += 1
            store.save(KIND, new)  # and it can go on from there
            self.assertEqual(store.load(KIND), new)
        self.assertTrue(seen[old] > 0 and seen[new] > 0)
