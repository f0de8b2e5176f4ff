"""A world for the keeper of tokens: time, the application server and the client are the test's."""

import json

from devcred import credential, tokens
from devcred.credential import Credential
from devcred.errors import LinkError
from devcred.renewal import Keeper

CLIENT_ID = "GID_tok@@@d"
T0_S = 1_800_000_000
EXPIRES, INVALID = b"$SYS/tokenExpireNotice", b"$SYS/tokenInvalidNotice"


class World:
    """Time, the application server and the client, as the keeper sees them."""

    def __init__(self):
        self.passed_ms = 0
        self.clock = True
        self.asked = []
        self.answers = []
        self.posted = []
        self.acknowledged = 0
        self.life_s = 900
        self.full = False
        self.stored = None

    def now_s(self):
        return T0_S + self.passed_ms // 1000 if self.clock else 0

    def ticks_ms(self):
        return self.passed_ms

    def ask(self, purpose):
        self.asked.append(purpose)
        answer = self.answers.pop(0) if self.answers else self.given("t%d" % len(self.asked))
        if isinstance(answer, Exception):
            raise answer
        return tokens.answer(answer, purpose, CLIENT_ID)

    def save(self, payload):
        if self.full:
            raise OSError(28)
        self.stored = credential.from_payload(payload).password()

    def given(self, text, kinds=("RW",), key_id="LTAI"):
        return {
            "client_id": CLIENT_ID,
            "instance_id": "mqtt-x",
            "key_id": key_id,
            "tokens": dict.fromkeys(kinds, text),
            "expires_at_s": T0_S + self.passed_ms // 1000 + self.life_s,
            "expires_in_s": self.life_s,
            "renew_in_s": self.life_s // 2,
        }

    def post(self, topic, payload, again):
        body = json.loads(payload)
        self.posted.append((topic, body["type"], body["token"], again))
        return again or len(self.posted)


class KeeperTest:
    """Holds a world, and makes keepers in it."""

    def setUp(self):
        self.world = World()

    def keeper(self, own=None):
        world = self.world
        return Keeper(own, world.ask, world.save, lambda bound: 0, world.now_s, world.ticks_ms)

    def held(self, left_s=900, margin_s=300):
        """Tokens from flash."""
        return Credential(
            CLIENT_ID, "mqtt-x", "LTAI", tokens={"RW": "kept"}, expire_s=T0_S + left_s, margin_s=margin_s
        )

    def running(self, own=None):
        """A keeper in a session that was let in."""
        keeper = self.keeper(own)
        keeper.ready()
        keeper.accepted()
        return keeper

    def steps(self, keeper, seconds):
        """Whether others had to be silent, second by second."""
        busy = []
        for _ in range(seconds):
            self.world.passed_ms += 1000
            busy.append(keeper.step(self.world))
        return busy

    def failure(self, call, *arguments):
        try:
            call(*arguments)
        except LinkError as error:
            return error
        raise AssertionError("did not fail")

    def acknowledge(self):
        self.world.acknowledged = len(self.world.posted)
