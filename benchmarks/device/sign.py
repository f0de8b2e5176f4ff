"""Runs in MicroPython: signs as often as told, in one of two ways. `sign.py ours|object COUNT`."""

import binascii
import sys

CLIENT_ID = "GID_bench@@@device00001"
SECRET = "DC.Q2hvc2VuQnlBRGljZQxx"


def with_object(client_id, secret):
    """The same password by an hmac object."""
    import hmac_object

    mac = hmac_object.new(secret.encode(), client_id.encode()).digest()
    return binascii.b2a_base64(mac)[:-1].decode()


def main(way, count):
    if way == "ours":
        from devcred.signing import password
    else:
        password = with_object
    made = ""
    for _ in range(count):
        made = password(CLIENT_ID, SECRET)
    sys.stdout.write(made + "\n")


main(sys.argv[1], int(sys.argv[2]))
