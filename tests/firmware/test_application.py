"""The user's own module beside the agent: called, reported, and kept from doing harm."""

import unittest

from devcred import application
from devcred.application import Application


class App:
    """A user's module that fails as often as it is told to."""

    def __init__(self, failures=0):
        self.failures = failures
        self.calls = []

    def setup(self, agent):
        self._called("setup")

    def loop(self, agent):
        self._called("loop")

    def _called(self, name):
        self.calls.append(name)
        if self.failures:
            self.failures -= 1
            raise ValueError("as told")


class TestApplication(unittest.TestCase):
    def test_setup_once_then_loop(self):
        app = App()
        runner = Application(app, None)
        for _ in range(3):
            runner.step()
        self.assertEqual(app.calls, ["setup", "loop", "loop"])

    def test_none_at_all(self):
        Application(None, None).step()

    def test_a_failure_rests_and_does_not_come_out(self):
        app = App(failures=1)
        runner = Application(app, None)
        runner.step()
        runner.step()
        self.assertEqual(app.calls, ["setup"])

    def test_after_its_rest_it_is_tried_again(self):
        app = App(failures=1)
        runner = Application(app, None)
        runner.step()
        runner._rest_since_ms -= 60000
        runner.step()
        runner.step()
        self.assertEqual(app.calls, ["setup", "setup", "loop"])

    def test_no_app_on_the_device(self):
        self.assertEqual(application.load(), None)
