"""Runs in MicroPython: QoS 1 publishes, one after another. Reads its login from stdin, prints us for each."""

import sys
import time

TOPIC = "devcred/bench"
PAYLOAD = "x" * 100


def main(way, port, client_id, username, password, count):
    if way == "agent":
        from devcred.mqtt import Client, Seen
        from devcred.stream import Stream

        stream = Stream(5000, lambda: None, lambda call: call())
        client = Client(stream, "127.0.0.1", port, client_id, username, password, 60, 1024, Seen())
        client.open(True)
        send = client.send
    else:
        from umqtt.simple import MQTTClient

        client = MQTTClient(client_id, "127.0.0.1", port, username, password, 60)
        client.connect()

        def send(topic, payload):
            client.publish(topic, payload, qos=1)

    send(TOPIC, PAYLOAD)
    started_us = time.ticks_us()
    for _ in range(count):
        send(TOPIC, PAYLOAD)
    sys.stdout.write("%f\n" % (time.ticks_diff(time.ticks_us(), started_us) / count))


main(*(kind(sys.stdin.readline().strip()) for kind in (str, int, str, str, str, int)))
