"""The database from the event loop: each piece of work is one transaction in a thread."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy import Connection

from host_tools.tokens.database import Database

Result = TypeVar("Result")


class Store:
    """Work is done in the order in which it came, by as many threads as the database has use for."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._threads = ThreadPoolExecutor(database.threads, thread_name_prefix="tokens-db")

    async def run(self, work: Callable[[Connection], Result]) -> Result:
        """What `work` gives, inside one transaction; MachineError when the database cannot be used."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._in_transaction, work)

    async def is_up(self) -> bool:
        """Whether the database answers."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self.database.is_up)

    def close(self) -> None:
        """Finish what was begun, and close the connections."""
        self._threads.shutdown()
        self.database.close()

    def _in_transaction(self, work: Callable[[Connection], Result]) -> Result:
        with self.database.transaction() as tx:
            return work(tx)
