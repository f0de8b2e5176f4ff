"""What all probes share: where they are, how they ask, how they answer."""

import errno
import gc
import json
import sys

with open("where.json") as _file:
    where = json.load(_file)
peers = where["peers"]
WORD_BYTES = 8 if sys.maxsize > 1 << 32 else 4


def tell(name, call):
    gc.collect()
    try:
        answer = call()
    except MemoryError:
        answer = "MemoryError"
    except Exception as error:
        answer = outcome(error)
    print("probe", name, answer)


def outcome(error):
    text = " ".join(" ".join([str(each) for each in error.args]).split())
    if isinstance(error, OSError) and error.args and error.errno in errno.errorcode:
        text += " " + errno.errorcode[error.errno]
    return ("%s %s" % (type(error).__name__, text)).rstrip()


def failing(call):
    try:
        call()
    except Exception as error:
        return outcome(error)
    return "no error"


def words(size_bytes):
    """A heap's own measure: what an object takes of it is about as many words everywhere."""
    return size_bytes // WORD_BYTES
