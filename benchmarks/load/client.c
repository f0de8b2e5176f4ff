/* What a client says in each mode. A broker's answer that is not the right one ends the run. */
#include <stdio.h>
#include <string.h>

#include "load.h"

#define OUT_BYTES (1 << 18)

static struct client *clients;
static uint8_t out[OUT_BYTES]; /* what the packets of one read have asked for */
static size_t out_bytes;
static int ready, ponged, next_account;

static void topic_of(const struct client *c, char *topic, size_t bytes) {
    snprintf(topic, bytes, "devcred/bench/%d", c->index);
}

void client_connected(struct client *c) {
    uint8_t packet[PACKET_BYTES];
    c->account = next_account++ % opt.account_count;
    net_send(c, packet, put_connect(packet, &opt.accounts[c->account], opt.keepalive_s));
}

static void publish(struct client *c) {
    char topic[64];
    uint16_t id = c->last_id = (uint16_t)(c->last_id % 0xFFFF + 1);
    topic_of(c, topic, sizeof topic);
    c->sent_s[id % IN_FLIGHT_MAX] = now_s();
    c->pending[id % IN_FLIGHT_MAX] = opt.mode == DELIVER ? 2 : 1;
    c->in_flight++;
    out_bytes += put_publish(out + out_bytes, topic, id, opt.payload_bytes);
}

/* A publish is over when it is acknowledged and, where it comes back, came back. The next takes its place. */
static void answered(struct client *c, uint16_t id) {
    if (c->pending[id % IN_FLIGHT_MAX] == 0)
        die("the broker acknowledged or delivered what was not sent");
    if (--c->pending[id % IN_FLIGHT_MAX] > 0)
        return;
    figures_done(c->sent_s[id % IN_FLIGHT_MAX]);
    c->in_flight--;
    while (c->in_flight < opt.window && c->pending[(c->last_id % 0xFFFF + 1) % IN_FLIGHT_MAX] == 0)
        publish(c);
}

static void delivered(struct client *c, uint8_t first, const uint8_t *body, size_t length) {
    size_t at = 2 + ((size_t)body[0] << 8 | body[1]);
    if ((first & 0x06) != 0x02 || length != at + 2 + (size_t)opt.payload_bytes)
        die("the broker delivered another message, or at another QoS");
    out_bytes += put_puback(out + out_bytes, (uint16_t)(body[at] << 8 | body[at + 1]));
    answered(c, (uint16_t)(body[at + 2] << 8 | body[at + 3]));
}

static void is_ready(struct client *c) {
    c->ready = true;
    ready++;
    if (opt.mode == PUBLISH || opt.mode == DELIVER)
        while (c->in_flight < opt.window)
            publish(c);
}

static void connack(struct client *c, const uint8_t *body) {
    char topic[64];
    if (body[1] != 0)
        die("the broker refused a login");
    if (opt.mode == LOGIN) {
        const uint8_t disconnect[] = {0xE0, 0};
        figures_done(c->started_s);
        net_send(c, disconnect, sizeof disconnect);
        net_close(c);
        net_open(c);
    } else if (opt.mode == DELIVER) {
        topic_of(c, topic, sizeof topic);
        out_bytes += put_subscribe(out + out_bytes, topic);
    } else {
        is_ready(c);
    }
}

void client_packet(struct client *c, uint8_t first, const uint8_t *body, size_t length) {
    if (out_bytes > OUT_BYTES / 2)
        client_flush(c);
    if (first == 0x20 && length == 2)
        connack(c, body);
    else if (first == 0x90 && length == 3 && body[2] == 1)
        is_ready(c);
    else if (first == 0x40 && length == 2)
        answered(c, (uint16_t)(body[0] << 8 | body[1]));
    else if (first >> 4 == 3 && length > 4)
        delivered(c, first, body, length);
    else if (first == 0xD0 && length == 0)
        ponged++;
    else
        die("the broker sent a packet that was not asked for");
}

void client_flush(struct client *c) {
    if (out_bytes > 0 && c->fd >= 0)
        net_send(c, out, out_bytes);
    out_bytes = 0;
}

void client_start_all(struct client *all) {
    clients = all;
    for (int i = 0; i < opt.clients; i++) {
        /* Not all at once: a listener's queue is short, and a lost SYN costs a second. */
        while (i - ready >= 100 && opt.mode != LOGIN) {
            int before = ready;
            double began_s = now_s();
            net_serve(began_s + 0.005, NULL);
            if (ready == before && now_s() - began_s > 10)
                die("the broker does not answer");
        }
        all[i].index = i;
        net_open(&all[i]);
    }
}

bool client_all_ready(void) {
    return ready == opt.clients;
}

void client_ping_all(void) {
    const uint8_t ping[] = {0xC0, 0};
    ponged = 0;
    for (int i = 0; i < opt.clients; i++)
        net_send(&clients[i], ping, sizeof ping);
}

bool client_all_ponged(void) {
    return ponged == opt.clients;
}
