"""The rows of the fidelity table: what each probe asks, why the virtual board may differ, and by how much."""

# What is counted in words of a heap is not counted to the word.
WITHIN = {"heap-words": 0.05, "tls-handshake-words": 0.1, "tls-session-words": 0.1}


def agree(row: str, answer: str, other: str) -> bool:
    """Whether two worlds' answers to a row are the same, for that row's purpose."""
    if row in WITHIN and answer.isdigit() and other.isdigit():
        return abs(int(answer) - int(other)) <= WITHIN[row] * int(other)
    return answer == other


ALIKE = {
    "heap-words": "words of heap that main.py finds free",
    "epoch-year": "`time.gmtime(0)[0]`",
    "clock-at-power-on": "the year at power-on",
    "type-of-time": "`time.time()` is of type",
    "ticks-period": "`ticks_ms` wraps after",
    "poll-numbers": "`POLLIN`, `POLLOUT`, `POLLERR`, `POLLHUP`",
    "statvfs": "`os.statvfs('/')`: block, fragment, blocks",
    "sync": "is there `os.sync`",
    "rename-over": "`os.rename` over a file that is there",
    "rename-missing": "`os.rename` of a file that is not",
    "open-missing": "`open` of a file that is not there",
    "open-directory": "`open` of a directory",
    "open-below-file": "`open` below a file",
    "remove-missing": "`os.remove` of a file that is not there",
    "remove-open": "`os.remove` of an open file",
    "rmdir-full": "`os.rmdir` of a folder with a file",
    "mkdir-again": "`os.mkdir` of a folder that is there",
    "listdir-missing": "`os.listdir` of a folder that is not",
    "size-before-close": "size by `os.stat` of a file being written",
    "long-name": "a file name of 256 characters",
    "address": "an address of `getaddrinfo` is a",
    "unknown-name": "`getaddrinfo` of an unknown name",
    "timeout": "read past `settimeout`",
    "timeout-after-setblocking": "the same after `setblocking(True)`",
    "connect-refused": "connect, refused",
    "connect-silent": "connect past `settimeout`",
    "connect-in-progress": "connect, not blocking",
    "connect-again-early": "connect again, before it is connected",
    "connect-again": "connect again, once it is",
    "poll-connecting": "poll for writing while connecting",
    "poll-new": "poll of a new socket",
    "poll-refused": "poll of a refused connect",
    "poll-reset": "poll for reading, the peer has reset",
    "poll-ended": "poll for reading, the peer has closed",
    "read-nothing-yet": "`read`, not blocking, nothing there",
    "recv-nothing-yet": "`recv`, the same",
    "read-ended": "read, the peer has closed",
    "read-reset": "read, the peer has reset",
    "read-after-reset": "read once more",
    "write-after-reset": "write after that",
    "write-closed": "write to a closed socket",
    "write-unconnected": "write to one that was never connected",
    "tls-good": "TLS, a good certificate",
    "tls-other-ca": "TLS, another CA's",
    "tls-other-name": "TLS, for another name",
    "tls-expired": "TLS, expired by the board's clock",
    "tls-not-yet-valid": "TLS, not valid yet by it",
    "tls-no-name": "TLS, no `server_hostname` given",
    "tls-peer-ends": "TLS, the peer closes in the handshake",
    "tls-no-tls": "TLS, the peer speaks plain HTTP",
    "tls-pem": "a CA certificate as PEM",
    "tls-ended": "TLS, the peer has closed: poll, read, write",
    "tls-reset": "TLS, the peer has reset: poll, read, write",
    "tls-handshake-words": "words of heap that a TLS handshake takes at the most",
    "tls-session-words": "words of heap that a TLS session holds",
}

_ITS_OWN = "an interpreter's own; the tests of the pure modules run in both"
APART = {
    "version": (
        "the interpreter",
        "the newest of the unix port; the firmware is the oldest supported, or your image",
    ),
    "small-int-bits": ("bits of `sys.maxsize`", _ITS_OWN),
    "float": (
        "`float(1 << 24) + 1 - (1 << 24)`",
        "single precision on the chip; the agent counts in integers",
    ),
    "recursion-depth": (
        "how deep a function calls itself",
        "the VM's C stack is fixed, and its imports take more; that the agent's calls fit the board's"
        " is held by `tests/e2e/test_device_depth.py::test_its_calls_fit_a_picos_stack`",
    ),
    "hashes": ("hashes of `hashlib`", "newer firmware has MD5 too; the agent uses SHA-1 alone"),
    "frozen": ("frozen modules, of a dozen", "the virtual board has those that the unix port has"),
    "modules": ("modules, of six", "newer firmware has `vfs` and `tls`; the agent uses neither"),
    "most-sockets": (
        "sockets open at once",
        "the virtual board has no limit; the agent opens two at the most",
    ),
}
