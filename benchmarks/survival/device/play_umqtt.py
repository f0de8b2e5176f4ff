"""umqtt.simple and umqtt.robust as their own examples use them: connect, then publish and wait.

The argument names the module. umqtt.simple has no reconnect, and its example none either.
umqtt.robust's example connects with clean_session=False and lets the client reconnect.
A ping goes out when half the keep-alive has passed, which both leave to the application.
"""

import sys
import time

from schedule import TOPIC, Schedule, say, since_us


def main(robust):
    if robust:
        from umqtt.robust import MQTTClient
    else:
        from umqtt.simple import MQTTClient
    plan = Schedule()
    client = MQTTClient(plan.client_id, plan.host, plan.port, plan.username, plan.password, plan.keepalive_s)
    client.set_callback(lambda topic, message: None)
    started_us = time.ticks_us()
    client.connect(clean_session=not robust)
    say("connected", since_us(started_us))
    for number in range(plan.count):
        if number:
            _wait(client, plan.wait_ms(number), plan.keepalive_s * 500)
        say("trying", number)
        started_us = time.ticks_us()
        client.publish(TOPIC, plan.payload(number), qos=1)
        say("acked", number, since_us(started_us))
    say("done")
    client.disconnect()


def _wait(client, wait_ms, ping_ms):
    while wait_ms > 0:
        slept_ms = min(wait_ms, ping_ms)
        time.sleep_ms(slept_ms)
        wait_ms -= slept_ms
        if slept_ms == ping_ms:
            client.ping()
            client.check_msg()


main(sys.argv[1] == "robust")
