"""Which clients are known, what they subscribed to, and where a message goes."""

from collections.abc import Callable

from host_tools.twin.broker.filters import Subscriptions
from host_tools.twin.broker.packets import Publish
from host_tools.twin.broker.rules import p2p_target
from host_tools.twin.broker.session import Session
from host_tools.twin.settings import Settings


class Router:
    """Sessions by client ID, and the routes between them. No sockets."""

    def __init__(self, settings: Settings, clock: Callable[[], float]) -> None:
        self.sessions: dict[str, Session] = {}
        self._settings = settings
        self._clock = clock
        self._subscriptions: Subscriptions[Session] = Subscriptions()

    @property
    def online(self) -> int:
        """Clients that are connected."""
        return sum(session.link is not None for session in self.sessions.values())

    def is_online(self, client_id: str) -> bool:
        """Whether a client with this ID is connected."""
        session = self.sessions.get(client_id)
        return session is not None and session.link is not None

    def open(self, client_id: str, clean: bool) -> tuple[Session, bool]:
        """The session for a login, and whether it was there before (MQTT-3.2.2-2)."""
        known = self.sessions.get(client_id)
        if known is not None and not clean:
            # One that only holds P2P messages from before the client's first CONNECT is no session to it.
            present, known.established = known.established, True
            return known, present
        if known is not None:
            self._forget(known)
        session = self.sessions[client_id] = self._new(client_id, clean)
        session.established = True
        return session, False

    def leave(self, session: Session) -> None:
        """A session loses its connection; a clean one ends with it (MQTT-3.1.2-6)."""
        session.link = None
        if session.clean:
            self._forget(session)

    def subscribe(self, session: Session, text: str, qos: int) -> None:
        """Enter a subscription, or change its QoS."""
        session.subscriptions[text] = qos
        self._subscriptions.add(text, session, qos)

    def unsubscribe(self, session: Session, text: str) -> None:
        """Take one out; none there is no error (MQTT-3.10.4-5)."""
        if session.subscriptions.pop(text, None) is not None:
            self._subscriptions.remove(text, session)

    def route(self, message: Publish, *, keep_p2p: bool) -> None:
        """Deliver to the addressee of a P2P topic, or to each subscriber at the lower QoS of the two.

        `keep_p2p`: whether a P2P message may wait for its addressee, which its sender's session decides.
        """
        target = p2p_target(message.topic) if self._settings.topic_rules else None
        if target is not None:
            self._to_addressee(target, message, keep_p2p)
            if not self._settings.p2p_reaches_subscribers:
                return
        for session, granted in self._subscriptions.match(message.topic).items():
            if session.client_id != target:
                qos = min(granted, message.qos)
                session.deliver(message, qos, keep=self._keeps(qos))

    def _to_addressee(self, client_id: str, message: Publish, keep: bool) -> None:
        session = self.sessions.get(client_id)
        keep = keep and self._keeps(message.qos)
        if session is None:
            if not keep or len(self.sessions) >= self._settings.max_sessions:
                return
            session = self.sessions[client_id] = self._new(client_id, clean=False)
        session.deliver(message, message.qos, keep=keep)

    def _keeps(self, qos: int) -> bool:
        return qos == 1 or (qos == 2 and self._settings.qos2_persistent == "keep")

    def _new(self, client_id: str, clean: bool) -> Session:
        return Session(client_id, clean, self._settings, self._clock)

    def _forget(self, session: Session) -> None:
        for text in session.subscriptions:
            self._subscriptions.remove(text, session)
        if self.sessions.get(session.client_id) is session:
            del self.sessions[session.client_id]
