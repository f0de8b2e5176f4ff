"""HTTP/1.1 as uvicorn speaks it, silent about what strangers send."""

import logging
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

_LOG = logging.getLogger(__name__)
_LOG.setLevel(logging.ERROR)


class Http1(H11Protocol):
    """Bytes that are no HTTP are answered with 400, as ever, but not warned of: a log of ours, and not
    uvicorn's own, as that belongs to whoever embeds the server.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.logger = _LOG
