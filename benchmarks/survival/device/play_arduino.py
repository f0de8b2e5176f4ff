"""arduino-iot-cloud's MQTT client, in the loop that its ArduinoCloudClient runs around it.

Any exception means connecting again, after an interval that grows by its factor up to its cap.
More than that loop does: the number that failed is published again. It speaks TLS only.
"""

import board  # noqa: F401, I001
import time

from arduino_iot_cloud.umqtt import MQTTClient
from schedule import TOPIC, Schedule, say, since_us


def main():
    plan = Schedule()
    client = MQTTClient(
        plan.client_id,
        plan.host,
        plan.port,
        {},
        plan.username,
        plan.password,
        plan.keepalive_s,
        lambda *_: None,
    )
    number, connected, interval_s = 0, False, 1.0
    while number < plan.count:
        try:
            if not connected:
                started_us = time.ticks_us()
                client.connect()
                say("connected", since_us(started_us))
                connected = True
            if number:
                _wait(client, plan.wait_ms(number), plan.keepalive_s * 1000)
            say("trying", number)
            started_us = time.ticks_us()
            client.publish(TOPIC, plan.payload(number), qos=1)
            say("acked", number, since_us(started_us))
            number += 1
        except Exception as error:  # noqa: BLE001 - as its update() does
            say("why", repr(error))
            if not connected:
                time.sleep(interval_s)
                interval_s = min(interval_s * 1.2, 5.0)
            connected = False
    say("done")
    client.disconnect()


def _wait(client, wait_ms, keepalive_ms):
    # Its own loop pings once the keep-alive has passed with nothing to push.
    while wait_ms > 0:
        slept_ms = min(wait_ms, keepalive_ms)
        time.sleep_ms(slept_ms)
        wait_ms -= slept_ms
        client.check_msg()
        if slept_ms == keepalive_ms:
            client.ping()


main()
