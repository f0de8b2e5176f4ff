"""aiomqttc in the loop of its own example: connect until it works, publish while it is connected.

A publish that did not succeed ends the connection, and after 5 s the loop starts again; the
number that failed is then published again.
"""

import board  # noqa: F401, I001
import asyncio
import time

from aiomqttc import MQTTClient
from schedule import TOPIC, Schedule, say, since_us


async def main():
    plan = Schedule()
    number = 0
    while number < plan.count:
        try:
            client = await _connected(plan)
            while client.connected and number < plan.count:
                if number:
                    await asyncio.sleep(plan.wait_ms(number) / 1000)
                say("trying", number)
                started_us = time.ticks_us()
                if not await client.publish(TOPIC, plan.payload(number), qos=1):
                    break
                say("acked", number, since_us(started_us))
                number += 1
            await client.disconnect()
        except Exception as error:  # noqa: BLE001 - as its example does
            say("why", repr(error))
        if number < plan.count:
            await asyncio.sleep(5)
    say("done")


async def _connected(plan):
    client = MQTTClient(
        client_id=plan.client_id,
        server=plan.host,
        port=plan.port,
        user=plan.username,
        password=plan.password,
        keepalive=plan.keepalive_s,
    )
    delay_s = 1
    while True:
        started_us = time.ticks_us()
        if await client.connect():
            say("connected", since_us(started_us))
            return client
        say("why", client.get_last_error())
        await asyncio.sleep(delay_s)
        delay_s = min(delay_s * 2, 60)


asyncio.run(main())
