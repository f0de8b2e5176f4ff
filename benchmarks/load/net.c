/* Connections over one epoll, non-blocking; what does not go out at once is kept until there is room. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "load.h"

#define EVENTS 256
#define SOURCES 16 /* loopback addresses to connect from: one has too few ports for seconds of logins */

static int epoll_fd = -1;
static unsigned opened;

double now_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void watch(struct client *c, int operation, uint32_t events) {
    struct epoll_event event = {.events = events, .data.ptr = c};
    if (epoll_ctl(epoll_fd, operation, c->fd, &event) != 0)
        die("epoll");
}

void net_open(struct client *c) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(opt.port)};
    struct sockaddr_in from = {.sin_family = AF_INET};
    int yes = 1;
    if (epoll_fd < 0 && (epoll_fd = epoll_create1(0)) < 0)
        die("epoll");
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + opened++ % SOURCES);
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (c->fd < 0)
        die("no socket; raise the limit of open files");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes);
    if (bind(c->fd, (struct sockaddr *)&from, sizeof from) != 0)
        die("cannot bind to loopback");
    c->started_s = now_s();
    if (connect(c->fd, (struct sockaddr *)&to, sizeof to) != 0 && errno != EINPROGRESS)
        die("the broker does not take connections");
    c->ready = false;
    c->writing = true;
    c->kept_bytes = c->unsent_bytes = 0;
    watch(c, EPOLL_CTL_ADD, EPOLLIN | EPOLLOUT);
    client_connected(c);
}

void net_close(struct client *c) {
    close(c->fd);
    c->fd = -1;
}

static void keep_unsent(struct client *c, const uint8_t *data, size_t bytes) {
    c->unsent = realloc(c->unsent, c->unsent_bytes + bytes);
    if (c->unsent == NULL)
        die("out of memory");
    memcpy(c->unsent + c->unsent_bytes, data, bytes);
    c->unsent_bytes += bytes;
    if (!c->writing) {
        c->writing = true;
        watch(c, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
    }
}

void net_send(struct client *c, const uint8_t *data, size_t bytes) {
    ssize_t sent = c->writing ? 0 : send(c->fd, data, bytes, MSG_NOSIGNAL);
    if (sent < 0) {
        if (errno != EAGAIN)
            die("the broker closed a connection");
        sent = 0;
    }
    if ((size_t)sent < bytes)
        keep_unsent(c, data + sent, bytes - (size_t)sent);
}

static void writable(struct client *c) {
    ssize_t sent = send(c->fd, c->unsent, c->unsent_bytes, MSG_NOSIGNAL);
    if (sent < 0) {
        if (errno == EAGAIN)
            return;
        die(errno == ECONNREFUSED ? "no broker on that port" : "the broker closed a connection");
    }
    c->unsent_bytes -= (size_t)sent;
    memmove(c->unsent, c->unsent + sent, c->unsent_bytes);
    if (c->unsent_bytes == 0) {
        c->writing = false;
        watch(c, EPOLL_CTL_MOD, EPOLLIN);
    }
}

static void readable(struct client *c) {
    static uint8_t in[PACKET_BYTES + IN_BYTES];
    const uint8_t *body;
    size_t length, at = 0, bytes;
    long used;
    memcpy(in, c->kept, c->kept_bytes);
    ssize_t got = recv(c->fd, in + c->kept_bytes, IN_BYTES, 0);
    if (got < 0 && errno == EAGAIN)
        return;
    if (got <= 0)
        die("the broker closed a connection");
    bytes = c->kept_bytes + (size_t)got;
    c->kept_bytes = 0;
    while (c->fd >= 0 && (used = read_packet(in + at, bytes - at, &body, &length)) != 0) {
        if (used < 0)
            die("the broker sent what is no MQTT");
        client_packet(c, in[at], body, length);
        at += (size_t)used;
    }
    if (c->fd < 0)
        return;
    c->kept_bytes = bytes - at;
    if (c->kept_bytes > 0) {
        if (c->kept == NULL && (c->kept = malloc(PACKET_BYTES)) == NULL)
            die("out of memory");
        memcpy(c->kept, in + at, c->kept_bytes);
    }
    client_flush(c);
}

void net_serve(double until_s, bool (*enough)(void)) {
    struct epoll_event events[EVENTS];
    double left_s;
    while ((left_s = until_s - now_s()) > 0 && !(enough != NULL && enough())) {
        int count = epoll_wait(epoll_fd, events, EVENTS, (int)(left_s * 1000) + 1);
        if (count < 0 && errno != EINTR)
            die("epoll");
        for (int i = 0; i < count; i++) {
            struct client *c = events[i].data.ptr;
            if (c->fd >= 0 && events[i].events & EPOLLOUT)
                writable(c);
            if (c->fd >= 0 && events[i].events & (EPOLLIN | EPOLLERR | EPOLLHUP))
                readable(c);
        }
    }
}
