"""Stands in for the port's `os`: the unix port's file system calls and uname, without what reaches the host.

Left out: dupterm, and everything of the unix port that is not on a board (system, getenv, VfsPosix).
"""

from collections import namedtuple

from uos import (
    VfsFat,
    VfsLfs2,
    chdir,
    getcwd,
    ilistdir,
    listdir,
    mkdir,
    mount,
    remove,
    rename,
    rmdir,
    sep,
    stat,
    statvfs,
    umount,
    unlink,
    urandom,
)
from vboard_link import PORT, setup

_Uname = namedtuple("uname_result", ("sysname", "nodename", "release", "version", "machine"))


def uname():
    import sys

    release = ".".join(str(part) for part in sys.implementation[1][:3])
    return _Uname(PORT, PORT, release, sys.version.split("; ")[-1], setup["machine"])


def sync():
    pass
