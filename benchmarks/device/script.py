"""The short script that the agent is measured against: what a first try with umqtt.simple looks like."""

# On a board the third line changes nothing; on the virtual one, umqtt has the host's sockets without it.
_PLAIN = """\
import network, socket, time
from umqtt import simple
simple.socket = socket
station = network.WLAN(network.STA_IF)
station.active(True)
station.connect({ssid!r}, {key!r})
while not station.isconnected():
    time.sleep_ms(50)
client = simple.MQTTClient({client_id!r}, {host!r}, {port}, {username!r}, {password!r}, 60)
client.connect()
print("devcred", time.ticks_ms(), "connack by=script")
"""
_CLOCK = "import ntptime; ntptime.settime()\n"
_TLS = (
    "import ssl, sys; sys.modules['ussl'] = ssl; params = {'cert_reqs': ssl.CERT_REQUIRED, "
    "'cadata': open('/ca.der', 'rb').read(), 'server_hostname': HOST}\n"
)


def main_py(*, tls: bool, ca_path: str, **values: object) -> bytes:
    """Its main.py; with TLS it verifies the server as the agent does, for which it needs the time."""
    lines = _PLAIN.format(**values).splitlines(keepends=True)
    if tls:
        login = lines[8].replace(", 60)", ", 60, ssl=True, ssl_params=params)")
        trust = _TLS.replace("HOST", repr(values["host"])).replace("/ca.der", ca_path)
        lines[8:9] = [_CLOCK, trust, login]
    return "".join(lines).encode()
