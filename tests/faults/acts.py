"""What only a broker itself can do to a device; each is done to a mosquitto of one device's own."""

import signal
import time

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from tests.faults.mosquitto import Pair, Site
from tests.faults.rows import DEADLINE_MS, KEEPALIVE_S


def take_over(site: Site, pair: Pair) -> None:
    """Somebody else logs in with the device's client ID; the broker closes the one that was there."""
    rival = paho.Client(CallbackAPIVersion.VERSION2, client_id=pair.device.client_id)
    rival.username_pw_set(pair.device.username, pair.device.password())
    rival.connect("127.0.0.1", site.port)
    rival.loop_start()
    end_s = time.monotonic() + 10
    while not rival.is_connected() and time.monotonic() < end_s:
        time.sleep(0.01)
    rival.disconnect()
    rival.loop_stop()


def restart(site: Site, _pair: Pair) -> None:
    """The broker goes, with a word to nobody, and comes back."""
    site.restart()


def stall(site: Site, _pair: Pair) -> None:
    """The broker takes connections, and answers nothing for so long that even a silent device notices."""
    # Half the keep-alive until its next ping, the deadline of the answer, and some.
    site.signal(signal.SIGSTOP)
    time.sleep(KEEPALIVE_S / 2 + DEADLINE_MS / 1000 + 1)
    site.signal(signal.SIGCONT)
