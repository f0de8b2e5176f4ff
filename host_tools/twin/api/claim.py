"""What a request says of itself, in either form of signature; none of it holds until it is checked."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from host_tools.twin.api.errors import ApiError


@dataclass(frozen=True, slots=True)
class Claim:
    """A request read, its signature not yet checked.

    `is_signed` tells whether the request as it came was signed with a secret, in constant time. `date` is
    `YYYY-MM-DDThh:mm:ssZ`; an empty `security_token` is none.
    """

    key_id: str
    is_signed: Callable[[str], bool] = field(repr=False)
    date: str
    nonce: str
    action: str
    version: str
    params: Mapping[str, str] = field(repr=False)
    security_token: str = field(default="", repr=False)


def mismatch(why: str) -> ApiError:
    """The answer to a wrong signature. The service repeats what it says was signed; the twin does not."""
    return ApiError(
        "SignatureDoesNotMatch", f"Specified signature is not matched with our calculation: {why}."
    )
