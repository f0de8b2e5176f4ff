/* MQTT 3.1.1 packets, as far as a load needs them. */
#include <string.h>

#include "load.h"

static uint8_t *put_text(uint8_t *at, const char *text) {
    size_t bytes = strlen(text);
    *at++ = (uint8_t)(bytes >> 8);
    *at++ = (uint8_t)bytes;
    memcpy(at, text, bytes);
    return at + bytes;
}

/* The fixed header; `length` stays below 16,384, two bytes of remaining length. */
static uint8_t *put_head(uint8_t *at, uint8_t first, size_t length) {
    *at++ = first;
    if (length < 128) {
        *at++ = (uint8_t)length;
        return at;
    }
    *at++ = (uint8_t)(length | 0x80);
    *at++ = (uint8_t)(length >> 7);
    return at;
}

size_t put_connect(uint8_t *out, const struct account *who, int keepalive_s) {
    size_t length = 10 + 6 + strlen(who->client_id) + strlen(who->username) + strlen(who->password);
    uint8_t *at = put_head(out, 0x10, length);
    at = put_text(at, "MQTT");
    *at++ = 4;
    *at++ = 0xC2; /* user name, password, clean session */
    *at++ = (uint8_t)(keepalive_s >> 8);
    *at++ = (uint8_t)keepalive_s;
    at = put_text(at, who->client_id);
    at = put_text(at, who->username);
    at = put_text(at, who->password);
    return (size_t)(at - out);
}

size_t put_subscribe(uint8_t *out, const char *topic) {
    uint8_t *at = put_head(out, 0x82, 2 + 2 + strlen(topic) + 1);
    *at++ = 0;
    *at++ = 1;
    at = put_text(at, topic);
    *at++ = 1;
    return (size_t)(at - out);
}

size_t put_publish(uint8_t *out, const char *topic, uint16_t id, int payload_bytes) {
    uint8_t *at = put_head(out, 0x32, 2 + strlen(topic) + 2 + (size_t)payload_bytes);
    at = put_text(at, topic);
    *at++ = (uint8_t)(id >> 8);
    *at++ = (uint8_t)id;
    memset(at, 'x', (size_t)payload_bytes);
    /* The message carries its number, so that its return can be told from another's. */
    at[0] = (uint8_t)(id >> 8);
    at[1] = (uint8_t)id;
    return (size_t)(at + payload_bytes - out);
}

size_t put_puback(uint8_t *out, uint16_t id) {
    const uint8_t packet[] = {0x40, 2, (uint8_t)(id >> 8), (uint8_t)id};
    memcpy(out, packet, sizeof packet);
    return sizeof packet;
}

long read_packet(const uint8_t *in, size_t bytes, const uint8_t **body, size_t *length) {
    size_t value = 0;
    for (size_t i = 0; i < 4; i++) {
        if (bytes < i + 2)
            return 0;
        value |= (size_t)(in[1 + i] & 0x7F) << 7 * i;
        if (in[1 + i] < 0x80) {
            if (value > PACKET_BYTES - 5)
                return -1;
            *body = in + i + 2;
            *length = value;
            return bytes < i + 2 + value ? 0 : (long)(i + 2 + value);
        }
    }
    return -1;
}
