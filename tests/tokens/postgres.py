"""A PostgreSQL server of the tests' own: in a temporary folder, on a socket in it, gone with them."""

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine
from sqlalchemy.engine import make_url

_PACKAGES = Path("/usr/lib/postgresql")
_USERS = ("postgres", "nobody")
_START_S = 60.0


def absent() -> str:
    """Why there is none to be had here; "" if there is one."""
    if _program("postgres") is None or _program("initdb") is None:
        return "PostgreSQL is not installed: Debian's package postgresql has it"
    if os.geteuid() == 0 and _user() is None:
        return "PostgreSQL does not run as root, and there is no user postgres or nobody"
    return ""


@contextmanager
def cluster() -> Iterator[str]:
    """The URL of its first database, with the right to make more; the only way in is a socket."""
    # Not pytest's own folder: nobody but root could pass through that one.
    with tempfile.TemporaryDirectory(prefix="devcred-pg-") as name:
        folder, user = Path(name), _user() if os.geteuid() == 0 else None
        if user:
            os.chown(folder, user.pw_uid, user.pw_gid)
        with open(folder / "log", "wb") as log:
            _initialise(folder, user, log.fileno())
            command = [str(_program("postgres")), "-D", str(folder / "data"), "-k", name]
            command += ["-c", "listen_addresses=", "-c", "fsync=off"]
            process = subprocess.Popen(command, stdout=log, stderr=log, cwd="/", **_as(user))  # type: ignore[call-overload]
        try:
            _wait_for(folder / "data" / "postmaster.pid", process)
            yield f"postgresql://devcred@/postgres?host={name}"
        finally:
            process.send_signal(signal.SIGQUIT)  # its "immediate" end: nobody needs what it holds
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def new_database(server_url: str) -> str:
    """The URL of a database that is empty."""
    name = f"tokens_{secrets.token_hex(4)}"
    engine = create_engine(
        make_url(server_url).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT"
    )
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    engine.dispose()
    return server_url.replace("/postgres?", f"/{name}?")


def _initialise(folder: Path, user: pwd.struct_passwd | None, log: int) -> None:
    command = [str(_program("initdb")), "-D", str(folder / "data"), "-U", "devcred", "-A", "trust", "-N"]
    command += ["-E", "UTF8", "--locale=C"]
    subprocess.run(command, check=True, stdout=log, stderr=log, cwd="/", **_as(user))  # type: ignore[call-overload]


def _wait_for(status: Path, process: "subprocess.Popen[bytes]") -> None:
    end_s = time.monotonic() + _START_S
    while not (status.exists() and "ready" in status.read_text()):
        assert process.poll() is None and time.monotonic() < end_s, "PostgreSQL did not start"
        time.sleep(0.05)


def _as(user: pwd.struct_passwd | None) -> dict[str, object]:
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}


def _user() -> pwd.struct_passwd | None:
    for name in _USERS:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    return None


def _program(name: str) -> Path | None:
    found = sorted(_PACKAGES.glob(f"*/bin/{name}"))
    if found:
        return found[-1]
    on_path = shutil.which(name)
    return Path(on_path) if on_path else None
