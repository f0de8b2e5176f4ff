"""What the agent does over a link and between two: messages, telemetry, commands, the user's application."""

import random

from devcred import causes, features, store, topics
from devcred.device import Device
from devcred.outbox import Outbox
from devcred.sending import Sender
from devcred.session import Session

if features.APP:
    from devcred import application


class Messenger:
    """The application's `agent`, its way to the world: `publish`, `subscribe`, `online`."""

    def __init__(self, board, settings, now_s, keeper=None):
        """`now_s()`: seconds since 1970, 0 if not known. `keeper`: keeps the tokens good, or None."""
        self._keeper = keeper
        self._board = board
        self._settings = settings
        self._sender = Sender(_outbox(settings, board.feed), settings, now_s, "%08x" % random.getrandbits(30))
        self._device = Device(board, settings, self._sender.counts)
        self._subscriptions = []
        self._session = None
        self.keep = self._sender.keep
        if features.APP:
            self.app = application.Application(application.load(), self)

    def publish(self, topic, body):
        """Send at QoS 1, now or when there is a link; False if the outbox is full."""
        return self._sender.publish(topics.check_topic(topic), body)

    def subscribe(self, topic_filter, handler):
        """Have `handler(topic, payload)`, both bytes, called; over every login from now on."""
        self._subscriptions.append((topic_filter, handler))

    def online(self):
        """Whether the server has accepted us and the link stands."""
        return self._session is not None

    def begin(self, client, session_present):
        """`client` is logged in."""
        self._sender.begin(session_present)
        self._session = Session(
            client, self._settings, self._device, self._sender, self._subscriptions, self._keeper
        )
        self._session.begin()

    def step(self, client):
        """What is due now over the link; True if there may be more. Raises LinkError."""
        busy = self._session.step()
        if features.APP:
            self.app.step()
        if self._device.rebooting and not busy:
            # What the server refuses waits still.
            self.keep()
            client.shut()
            self._board.reset()
        return busy

    def judge(self, cause, detail):
        """(cause, detail) of a loss or a failed login, as what is known of tokens and topics names it."""
        certain = False
        if features.RENEWAL and self._keeper is not None:
            cause, detail, certain = self._keeper.lost(cause, detail)
        if cause == causes.TOPIC_REFUSED and not self._sender.refused(detail, certain):
            cause = causes.CLOSED
        return cause, detail

    def lost(self, cause):
        """The link went, or none came about."""
        self._session = None
        self._device.lost(cause)

    def offline(self):
        """What is due now without a link."""
        if features.APP:
            self.app.step()
        self._sender.offline()


def _outbox(settings, feed):
    storage = None
    if settings["outbox_flash"]:
        storage = store.Folder("/outbox", feed)
    return Outbox(storage, settings["outbox_messages"], settings["outbox_bytes"], settings["outbox_age_s"])
