"""Signs what stands on stdin, a line each: kind and hex of the client ID, kind and hex of the
secret, kind `s` for text or `b` for bytes. Answers with one password a line.
"""

import binascii
import sys

from devcred import signing


def value(kind, digits):
    """The argument that the two words stand for."""
    octets = binascii.unhexlify(digits)
    return octets.decode() if kind == "s" else octets


for line in sys.stdin:
    words = line.rstrip("\n").split(" ")
    print(signing.password(value(*words[:2]), value(*words[2:])))
