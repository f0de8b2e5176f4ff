"""The outbox on a real LittleFS: order, bounds, age, and the power cut at every flash operation."""

import gc
import os
import unittest

import vfs

from devcred import store
from devcred.outbox import BATCH_MESSAGES, Outbox
from flash import Flash, OnFlash, cuts

TOPIC = b"devcred/t"
# Between two feedings; docs/architecture.md counts 400 ms for each.
ERASURES_MOST = 3


class TestInMemory(unittest.TestCase):
    def filled(self, count, **bounds):
        box = Outbox(None, bounds.get("most", 100), bounds.get("bytes", 10000), bounds.get("age_s"))
        for number in range(count):
            box.put(number, 1000 + number, TOPIC, b"m%d" % number)
        return box

    def test_in_order_and_only_once_acknowledged(self):
        box = self.filled(3)
        self.assertEqual(box.peek()[3], b"m0")
        self.assertEqual(box.peek()[3], b"m0")
        box.done()
        self.assertEqual(box.peek(), (1, 1001, TOPIC, b"m1"))
        box.done()
        box.done()
        self.assertEqual(box.peek(), None)
        self.assertEqual(len(box), 0)

    def test_full_by_messages_refuses_the_new_one_and_counts(self):
        box = self.filled(5, most=3)
        self.assertEqual((len(box), box.refused), (3, 2))
        self.assertEqual(box.peek()[3], b"m0")

    def test_full_by_bytes(self):
        box = self.filled(5, bytes=2 * (11 + len(TOPIC) + 2))
        self.assertEqual((len(box), box.refused), (2, 3))

    def test_what_no_record_could_hold_is_refused(self):
        box = self.filled(0)
        self.assertFalse(box.put(1, 0, TOPIC, b"x" * 2048))
        self.assertEqual(box.refused, 1)

    def test_age(self):
        box = self.filled(3, age_s=10)
        self.assertEqual(box.peek(1011)[3], b"m1")
        self.assertEqual(box.expired, 1)

    def test_time_of_a_clock_that_was_not_set_is_no_age(self):
        box = Outbox(None, 10, 1000, 10)
        box.put(1, 0, TOPIC, b"m")
        self.assertEqual(box.peek(10**9)[3], b"m")


class TestAside(unittest.TestCase):
    """What the server refuses waits beside the rest."""

    def filled(self, count, most=100, most_bytes=10000):
        box = Outbox(None, most, most_bytes)
        for number in range(count):
            box.put(number, 0, TOPIC, b"m%d" % number)
        return box

    def all_of(self, box):
        found = []
        while box.peek():
            found.append(box.peek()[0])
            box.done()
        return found

    def test_it_holds_nobody_up_and_comes_first_when_it_is_its_turn(self):
        box = self.filled(6)
        box.aside()
        box.aside()
        self.assertEqual((box.peek()[0], len(box)), (2, 6))
        box.done()
        box.back()
        self.assertEqual(self.all_of(box), [0, 1, 3, 4, 5])
        self.assertEqual((box.held(), box.refused), ((0, 0), 0))

    def test_refused_again_it_keeps_its_order(self):
        box = self.filled(4)
        box.aside()
        box.aside()
        box.back()
        box.aside()
        box.aside()
        box.aside()
        box.back()
        self.assertEqual(self.all_of(box), [0, 1, 2, 3])

    def test_a_new_message_takes_the_place_of_the_oldest_such_and_that_is_counted(self):
        for box in (self.filled(4, most=4), self.filled(4, most_bytes=4 * (11 + len(TOPIC) + 2))):
            box.aside()
            box.aside()
            self.assertEqual([box.put(number, 0, TOPIC, b"m%d" % number) for number in (4, 5, 6)], [1, 1, 0])
            self.assertEqual((len(box), box.refused), (4, 3))
            box.back()
            self.assertEqual(self.all_of(box), [2, 3, 4, 5])

    def test_what_never_fits_drives_none_out(self):
        box = self.filled(2, most_bytes=60)
        box.aside()
        self.assertFalse(box.put(9, 0, TOPIC, bytes(61)))
        self.assertEqual((len(box), box.refused), (2, 1))


class TestOnFlash(OnFlash, unittest.TestCase):
    blocks = 32

    def power_on(self, flash):
        super().power_on(flash)
        return self.box()

    def box(self):
        return Outbox(store.Folder("/outbox", lambda: None), 200, 20000)

    def put(self, box, numbers):
        for number in numbers:
            box.put(number, 0, TOPIC, b"message %d" % number)

    def drained(self, box):
        numbers = []
        while box.peek() is not None:
            numbers.append(box.peek()[0])
            box.done()
        return numbers

    def test_what_waits_beside_comes_before_what_is_on_flash(self):
        box = self.box()
        self.put(box, range(4))
        box.keep()
        box.aside()
        self.put(box, [4])
        box.keep()
        box.back()
        self.assertEqual(self.drained(box), [0, 1, 2, 3, 4])
        self.assertEqual((len(box), os.listdir("/outbox")), (0, []))

    def test_what_waits_beside_is_kept_with_the_rest_and_comes_first_after_a_reboot(self):
        box = self.box()
        self.put(box, range(3))
        box.keep()
        box.aside()
        box.aside()
        self.assertEqual(self.drained(box), [2])
        self.put(box, [3])
        box.keep()
        self.assertEqual(len(box), 3)
        self.assertEqual(self.drained(self.power_on(self.flash)), [0, 1, 3])

    def test_what_waits_beside_is_never_kept_behind_what_came_after_it(self):
        box = self.box()
        self.put(box, range(BATCH_MESSAGES + 2))
        box.keep()
        box.aside()
        box.keep()
        box.back()
        self.assertEqual(self.drained(box), list(range(BATCH_MESSAGES + 2)))
        self.assertEqual(os.listdir("/outbox"), [])

    def test_flash_keeps_the_watchdog_waiting_for_few_erasures(self):
        # A board's own geometry, and an outbox filled, written and emptied again and again.
        self.power_off()
        self.flash = None
        gc.collect()
        self.flash = Flash(blocks=12, block_bytes=4096)
        vfs.VfsLfs2.mkfs(self.flash)
        self.power_on(self.flash)
        self.flash.record()
        unfed = []

        def feed():
            unfed.append(sum(data is None for _, data in self.flash.operations))
            self.flash.record()

        box = Outbox(store.Folder("/outbox", feed), 200, 20000)
        for _ in range(30):
            for number in range(40):
                box.put(number, 0, TOPIC, bytes(140))
            box.keep()
            self.drained(box)
        feed()
        self.assertTrue(len(unfed) > 100)
        self.assertTrue(max(unfed) <= ERASURES_MOST, max(unfed))

    def test_kept_messages_survive_a_reboot_in_order(self):
        box = self.box()
        self.put(box, range(20))
        box.keep()
        again = self.power_on(self.flash)
        self.assertEqual(len(again), 20)
        self.put(again, range(20, 23))
        self.assertEqual(self.drained(again), list(range(23)))
        self.assertEqual(self.drained(self.power_on(self.flash)), [])

    def test_what_is_not_acknowledged_comes_again_after_a_reboot(self):
        box = self.box()
        self.put(box, range(BATCH_MESSAGES + 2))
        box.keep()
        box.peek()
        box.done()
        # The first of a batch was acknowledged, its file is still there: sent again, same number.
        self.assertEqual(self.drained(self.power_on(self.flash)), list(range(BATCH_MESSAGES + 2)))

    def test_numbers_of_files_go_on_after_a_reboot(self):
        box = self.box()
        self.put(box, range(3))
        box.keep()
        again = self.power_on(self.flash)
        self.put(again, range(3, 6))
        again.keep()
        self.assertEqual(self.drained(self.power_on(self.flash)), [0, 1, 2, 3, 4, 5])

    def test_power_cut_at_every_operation_of_keeping(self):
        box = self.box()
        self.put(box, range(3))
        box.keep()
        base = bytes(self.flash.image)
        self.flash.record()
        self.put(box, range(3, 6))
        box.keep()
        seen = set()
        for after in cuts(base, self.flash.operations):
            numbers = self.drained(self.power_on(after))
            # What was accepted before is all there; the batch under way is there whole or not.
            self.assertTrue(numbers in ([0, 1, 2], [0, 1, 2, 3, 4, 5]), numbers)
            seen.add(len(numbers))
        self.assertEqual(seen, {3, 6})

    def test_power_cut_at_every_operation_of_letting_go(self):
        box = self.box()
        self.put(box, range(3))
        box.keep()
        self.put(box, range(3, 5))
        box.keep()
        base = bytes(self.flash.image)
        self.flash.record()
        for _ in range(3):
            box.peek()
            box.done()
        for after in cuts(base, self.flash.operations):
            numbers = self.drained(self.power_on(after))
            self.assertTrue(numbers in ([0, 1, 2, 3, 4], [3, 4]), numbers)

    def test_flash_wear_is_bounded(self):
        box = self.box()
        self.flash.record()
        for start in range(0, 200, BATCH_MESSAGES):
            self.put(box, range(start, start + BATCH_MESSAGES))
            box.keep()
            self.drained(box)
        erases = sum(1 for _, data in self.flash.operations if data is None)
        # One block for a batch's file and a share of the folder's own: measured, with some slack.
        self.assertTrue(erases <= 200, erases)
