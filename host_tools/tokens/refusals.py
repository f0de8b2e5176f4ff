"""What a device is told when the answer is no. The texts are the wire's; see docs/token-server.md."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Refusal:
    """`retry_in_s`: what a device is to wait before it tries again, 0 at once."""

    status: int
    error: str
    detail: str
    retry_in_s: int

    def facts(self) -> dict[str, object]:
        """The answer's body."""
        return {"error": self.error, "detail": self.detail, "retry_in_s": self.retry_in_s}


class RefusedError(Exception):
    """Carries a refusal to where it is answered."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.error)
        self.refusal = refusal


_OPERATOR_S = 3600
"""Only a person can change it: once an hour is often enough to find that out."""

CHALLENGE = Refusal(401, "challenge", "the nonce is past, used, or another client's", 0)
REFUSED = Refusal(401, "refused", "no such client ID, or the proof is wrong", _OPERATOR_S)
DISABLED = Refusal(403, "disabled", "the account is switched off", _OPERATOR_S)
NO_TOPICS = Refusal(403, "no-topics", "the account may read and write nothing", _OPERATOR_S)
TOO_MANY_TOPICS = Refusal(
    403, "no-topics", "with its group the account has more than 100 topics to read or to write", _OPERATOR_S
)
NOT_ALLOWED = Refusal(403, "not-allowed", "the operator has not allowed it, or it was used", _OPERATOR_S)
NO_CREDENTIAL = Refusal(404, "no-credential", "the service holds none for this client ID", _OPERATOR_S)


def malformed(detail: str, status: int = 422) -> Refusal:
    """Not a request of the right form."""
    return Refusal(status, "malformed", detail, _OPERATOR_S)


def slow_down(retry_in_s: int) -> Refusal:
    """Too many requests."""
    return Refusal(429, "slow-down", "too many requests", retry_in_s)


def quota(retry_in_s: int) -> Refusal:
    """The account has had what it may have today."""
    return Refusal(429, "quota", "the account's deliveries of today are used up", retry_in_s)


def unavailable(retry_in_s: int) -> Refusal:
    """Nothing to hand out, and nobody to ask."""
    return Refusal(503, "unavailable", "the service cannot be reached and no token is left", retry_in_s)


def service_refused(retry_in_s: int) -> Refusal:
    """The service said no to what the account is to have."""
    return Refusal(503, "service-refused", "the service refused; an operator must look", retry_in_s)


UNAUTHORISED = Refusal(401, "unauthorised", "the admin key is missing or wrong", _OPERATOR_S)
TOO_LARGE = malformed("the body is too large", 413)
TOO_SLOW = malformed("the body did not come in time", 408)
BROKEN = Refusal(500, "internal", "a defect of this server; its log says more", 60)
