/* The load generator's parts: accounts, MQTT 3.1.1 on the wire, connections, figures. */
#ifndef DEVCRED_LOAD_H
#define DEVCRED_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IN_FLIGHT_MAX 64  /* the widest window */
#define IN_BYTES 65536    /* read at once from one connection */
#define PACKET_BYTES 4096 /* the longest packet that a broker may send us */

enum mode { LOGIN, PUBLISH, DELIVER, IDLE };

struct account {
    char *client_id, *username, *password;
};

struct options {
    enum mode mode;
    uint16_t port;
    int broker_pid;
    int clients, window, payload_bytes, keepalive_s;
    double warm_up_s, seconds;
    struct account *accounts;
    int account_count;
};

struct client {
    int fd;              /* -1: none */
    int index;           /* its own topic is devcred/bench/<index> */
    int account;
    bool ready;          /* CONNACK came, and SUBACK where it subscribes */
    bool writing;        /* waits for room to send */
    uint16_t last_id;
    int in_flight;
    double started_s;    /* of the login under way */
    double sent_s[IN_FLIGHT_MAX];
    uint8_t pending[IN_FLIGHT_MAX];  /* answers a publish still waits for, by id % IN_FLIGHT_MAX */
    uint16_t delivered;  /* number of the last own message that came back */
    uint8_t *kept;       /* the start of a packet whose rest has not come */
    size_t kept_bytes;
    uint8_t *unsent;
    size_t unsent_bytes;
};

extern struct options opt;

/* wire.c: packets to bytes; each returns how many it wrote. `read_packet`: bytes of the first packet, 0 if it
   is not whole yet, -1 if it is none; its body goes to *body, *length. */
size_t put_connect(uint8_t *out, const struct account *who, int keepalive_s);
size_t put_subscribe(uint8_t *out, const char *topic);
size_t put_publish(uint8_t *out, const char *topic, uint16_t id, int payload_bytes);
size_t put_puback(uint8_t *out, uint16_t id);
long read_packet(const uint8_t *in, size_t bytes, const uint8_t **body, size_t *length);

/* net.c */
void net_open(struct client *c);
void net_close(struct client *c);
void net_send(struct client *c, const uint8_t *data, size_t bytes);
/* Serves what comes until `until_s`, or until `enough()`. */
void net_serve(double until_s, bool (*enough)(void));
double now_s(void);

/* client.c: what a client says; `net` calls them. */
void client_connected(struct client *c);
void client_packet(struct client *c, uint8_t first, const uint8_t *body, size_t length);
void client_start_all(struct client *all);
bool client_all_ready(void);
void client_ping_all(void);
bool client_all_ponged(void);
/* Sends what the packets of one read have asked for. */
void client_flush(struct client *c);

/* figures.c */
void figures_done(double began_s);      /* one login, acknowledgement or delivery ended now */
void figures_begin(void);
void figures_end(void);
void figures_print(void);

_Noreturn void die(const char *why);
#endif
