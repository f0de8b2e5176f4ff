"""Where mosquitto 2.0 does otherwise than a test asks, as it may or as it is known to: test -> what it does.

Each entry is tried with every run: a test named here that passes on mosquitto fails the suite.
"""

_FLAGS = "test_mqtt_2_2_2_2_reserved_flags_and_types_close"
_LONG = "test_mqtt_4_8_0_1_a_packet_that_is_too_long_closes"

MOSQUITTO: dict[str, str] = {
    "test_mqtt_3_1_2_2_level_5_gets_code_1": "speaks MQTT 5, so that level 5 is one of its own",
    f"{_FLAGS}[PUBACK]": "does not look at the reserved flags of PUBACK",
    f"{_FLAGS}[PUBREC]": "does not look at the reserved flags of PUBREC",
    f"{_FLAGS}[PUBCOMP]": "does not look at the reserved flags of PUBCOMP",
    f"{_FLAGS}[PINGREQ]": "does not look at the reserved flags of PINGREQ",
    "test_mqtt_3_3_1_2_dup_at_qos_0_closes": "passes over DUP at QoS 0",
    f"{_LONG}[PUBACK]": "passes over bytes behind the packet id",
    f"{_LONG}[PINGREQ]": "passes over the body of a PINGREQ",
}
