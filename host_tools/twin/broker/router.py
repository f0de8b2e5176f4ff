"""Which clients are known, what they subscribed to, and where a message goes."""

from host_tools.twin.broker.common import Common
from host_tools.twin.broker.filters import Subscriptions
from host_tools.twin.broker.packets import Publish
from host_tools.twin.broker.retained import Retained
from host_tools.twin.broker.rules import Topics
from host_tools.twin.broker.session import Session


class Router:
    """Sessions by client ID, and the routes between them. No sockets."""

    def __init__(self, common: Common, topics: Topics) -> None:
        self.sessions: dict[str, Session] = {}
        self.online = 0
        """Clients that are connected."""
        self._common = common
        self._topics = topics
        self._settings = common.settings
        self._subscriptions: Subscriptions[Session] = Subscriptions()
        self._retained = Retained() if self._settings.retain == "keep" else None
        self._restore()

    def is_online(self, client_id: str) -> bool:
        """Whether a client with this ID is connected."""
        session = self.sessions.get(client_id)
        return session is not None and session.link is not None

    def open(self, client_id: str, clean: bool) -> tuple[Session, bool]:
        """The session for a login, and whether it was there before (MQTT-3.2.2-2)."""
        self.online += 1
        known = self.sessions.get(client_id)
        if known is not None and not clean:
            # One that only holds P2P messages from before the client's first CONNECT is no session to it.
            present, known.established = known.established, True
            self._enter(known)
            return known, present
        if known is not None:
            self._forget(known)
        session = self.sessions[client_id] = Session(client_id, clean, self._common)
        session.established = True
        self._enter(session)
        return session, False

    def leave(self, session: Session) -> None:
        """A session loses its connection; a clean one ends with it (MQTT-3.1.2-6)."""
        self.online -= 1
        session.rest()
        if session.clean:
            self._forget(session)

    def subscribe(self, session: Session, text: str, qos: int) -> None:
        """Enter a subscription, or change its QoS."""
        session.subscriptions[text] = qos
        self._subscriptions.add(text, session, qos)
        self._enter(session)

    def unsubscribe(self, session: Session, text: str) -> None:
        """Take one out; none there is no error (MQTT-3.10.4-5)."""
        if session.subscriptions.pop(text, None) is not None:
            self._subscriptions.remove(text, session)
            self._enter(session)

    def send_retained(self, session: Session, text: str, qos: int) -> None:
        """After a SUBSCRIBE: the messages that were kept for it (MQTT-3.3.1-6, -8)."""
        if self._retained is not None:
            for message, number in self._retained.matching(text):
                level = min(qos, message.qos)
                session.deliver(message, level, number, keep=self._keeps(level), retain=True)

    def route(self, message: Publish, number: int, *, keep_p2p: bool) -> None:
        """Deliver to the addressee of a P2P topic, or to each subscriber at the lower QoS of the two.

        `number` is the trace's. `keep_p2p`: whether a P2P message may wait for its addressee, which its
        sender's session decides.
        """
        if message.retain and self._retained is not None:
            self._retained.take(message, number)
        target = self._topics.look(message.topic)[1]
        if target is not None:
            self._to_addressee(target, message, number, keep_p2p)
            if not self._settings.p2p_reaches_subscribers:
                return
        # A copy: a hook may end a connection, and its subscriptions, while messages go out.
        for session, granted in tuple(self._subscriptions.match(message.topic).items()):
            if session.client_id != target:
                qos = min(granted, message.qos)
                session.deliver(message, qos, number, keep=self._keeps(qos))

    def _to_addressee(self, client_id: str, message: Publish, number: int, keep: bool) -> None:
        session = self.sessions.get(client_id)
        keep = keep and self._keeps(message.qos)
        if session is None:
            if not keep or len(self.sessions) >= self._settings.max_sessions:
                return
            session = self.sessions[client_id] = Session(client_id, False, self._common)
            self._enter(session)
        session.deliver(message, message.qos, number, keep=keep)

    def _keeps(self, qos: int) -> bool:
        return qos == 1 or (qos == 2 and self._settings.qos2_persistent == "keep")

    def _forget(self, session: Session) -> None:
        for text in session.subscriptions:
            self._subscriptions.remove(text, session)
        session.forget()
        if self.sessions.get(session.client_id) is session:
            del self.sessions[session.client_id]
        if self._common.journal is not None and not session.clean:
            self._common.journal.drop_session(session.client_id)

    def _enter(self, session: Session) -> None:
        journal = self._common.journal
        if journal is not None and not session.clean:
            journal.keep_session(
                session.client_id, established=session.established, subscriptions=session.subscriptions
            )

    def _restore(self) -> None:
        journal = self._common.journal
        if journal is None:
            return
        for client_id, row in journal.sessions():
            session = self.sessions[client_id] = Session(client_id, False, self._common)
            session.established = row["established"]
            for text, qos in row["subscriptions"].items():
                session.subscriptions[text] = qos
                self._subscriptions.add(text, session, qos)
        for client_id, letter in journal.letters():
            owner = self.sessions.get(client_id)
            if owner is None:
                journal.drop(letter)
            else:
                self._common.adopt(letter)
                owner.restore(letter)
