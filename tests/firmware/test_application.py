"""The user's own module beside the agent: called, reported, and kept from doing harm."""

import asyncio
import time
import unittest

from devcred import application
from devcred.application import Application
from devcred.tasks import Tasks


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


class Coroutines:
    """A user's module with a task, which starts another that fails."""

    def __init__(self, failures=0):
        self.failures = failures
        self.calls = []

    async def task(self, agent):
        self.calls.append(agent)
        if self.failures:
            self.failures -= 1
            raise ValueError("as told")
        self.child = asyncio.create_task(self._doomed())
        while True:
            await asyncio.sleep_ms(1)
            self.calls.append("on")

    async def _doomed(self):
        await asyncio.sleep_ms(1)
        self.calls.append("doomed")
        raise ValueError("as told")


class TestTasks(unittest.TestCase):
    def tearDown(self):
        asyncio.new_event_loop()

    def test_a_task_runs_between_the_turns_and_outlives_its_child(self):
        app = Coroutines()
        self._turns(Application(app, "agent"))
        self.assertEqual(app.calls[0], "agent")
        self.assertEqual(app.calls.count("doomed"), 1)
        self.assertTrue(app.calls.count("on") > 5, app.calls)

    def test_a_task_that_fails_rests(self):
        app = Coroutines(failures=1)
        self._turns(Application(app, "agent"))
        self.assertEqual(app.calls, ["agent"])

    def test_a_task_that_failed_is_started_again(self):
        app = Coroutines(failures=1)
        self._turns(Tasks(app.task, "agent", rest_ms=5), "agent")
        self.assertEqual(app.calls[:2], ["agent", "agent"])
        self.assertTrue("on" in app.calls)

    def test_loop_and_task_together(self):
        app = Coroutines()
        app.loop = lambda agent: app.calls.append("loop")
        self._turns(Application(app, "agent"))
        self.assertTrue(app.calls.count("loop") >= 20, app.calls)
        self.assertTrue("on" in app.calls)

    def _turns(self, runner, *arguments):
        for _ in range(20):
            runner.step(*arguments)
            time.sleep_ms(2)
