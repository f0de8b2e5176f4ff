/* A load for an MQTT 3.1.1 broker on loopback: one thread, bounded in clients and time.

   load MODE PORT ACCOUNTS [clients=N] [window=N] [payload=BYTES] [warm-up=S] [seconds=S] [keepalive=S] [pid=N]

   MODE: login    connect, wait for CONNACK, disconnect, over and over, `clients` at once
         publish  QoS 1, `window` unacknowledged for each client, nobody subscribed
         deliver  the same, each client subscribed to its own topic
         idle     log all in, say so, wait for a line on stdin, ping all, say so, wait for the end of stdin
   ACCOUNTS: a file, one account a line: client ID, user name, password, between tabs.
   Prints one JSON object a line; what goes wrong is one line on stderr, exit code 1. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "load.h"

#define READY_S 120.0

struct options opt = {.clients = 1, .window = 1, .payload_bytes = 100, .warm_up_s = 1, .seconds = 4};

_Noreturn void die(const char *why) {
    fprintf(stderr, "load: %s\n", why);
    exit(1);
}

static char *copy(const char *text) {
    char *made = text != NULL ? strdup(text) : NULL;
    if (made == NULL)
        die("an account needs client ID, user name and password");
    return made;
}

static void read_accounts(const char *path) {
    char line[1024];
    FILE *file = fopen(path, "r");
    if (file == NULL)
        die("cannot read the accounts");
    while (fgets(line, sizeof line, file) != NULL) {
        struct account *more = realloc(opt.accounts, (size_t)(opt.account_count + 1) * sizeof *more);
        if (more == NULL)
            die("out of memory");
        opt.accounts = more;
        more += opt.account_count++;
        more->client_id = copy(strtok(line, "\t"));
        more->username = copy(strtok(NULL, "\t"));
        more->password = copy(strtok(NULL, "\n"));
    }
    fclose(file);
    if (opt.account_count < opt.clients)
        die("fewer accounts than clients");
}

static void read_option(const char *text) {
    char name[16];
    double value;
    if (sscanf(text, "%15[a-z-]=%lf", name, &value) != 2 || value < 0)
        die("an option reads name=number");
    if (strcmp(name, "clients") == 0)
        opt.clients = (int)value;
    else if (strcmp(name, "window") == 0)
        opt.window = (int)value;
    else if (strcmp(name, "payload") == 0)
        opt.payload_bytes = (int)value;
    else if (strcmp(name, "keepalive") == 0)
        opt.keepalive_s = (int)value;
    else if (strcmp(name, "pid") == 0)
        opt.broker_pid = (int)value;
    else if (strcmp(name, "warm-up") == 0)
        opt.warm_up_s = value;
    else if (strcmp(name, "seconds") == 0)
        opt.seconds = value;
    else
        die("no such option");
}

static void read_arguments(int count, char **arguments) {
    static const char *const modes[] = {"login", "publish", "deliver", "idle"};
    int mode = 0;
    if (count < 4)
        die("usage: load login|publish|deliver|idle PORT ACCOUNTS [name=number ...]");
    while (mode < 4 && strcmp(arguments[1], modes[mode]) != 0)
        mode++;
    if (mode == 4)
        die("no such mode");
    opt.mode = (enum mode)mode;
    opt.port = (uint16_t)atoi(arguments[2]);
    for (int i = 4; i < count; i++)
        read_option(arguments[i]);
    if (opt.clients < 1 || opt.clients > 100000 || opt.window < 1 || opt.window > IN_FLIGHT_MAX ||
        opt.payload_bytes < 2 || opt.payload_bytes > PACKET_BYTES / 2 || opt.seconds > 600 || opt.warm_up_s > 60)
        die("a number is out of range");
    read_accounts(arguments[3]);
}

static void wait_ready(void) {
    net_serve(now_s() + READY_S, client_all_ready);
    if (!client_all_ready())
        die("not all clients could log in in time");
}

static void run_idle(double began_s) {
    char line[16];
    printf("{\"clients\": %d, \"seconds\": %.3f}\n", opt.clients, now_s() - began_s);
    fflush(stdout);
    if (fgets(line, sizeof line, stdin) == NULL)
        return;
    client_ping_all();
    net_serve(now_s() + 30, client_all_ponged);
    if (!client_all_ponged())
        die("not all clients were answered");
    printf("{\"alive\": %d}\n", opt.clients);
    fflush(stdout);
    while (fgets(line, sizeof line, stdin) != NULL)
        continue;
}

int main(int count, char **arguments) {
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    read_arguments(count, arguments);
    struct client *clients = calloc((size_t)opt.clients, sizeof *clients);
    if (clients == NULL)
        die("out of memory");
    double began_s = now_s();
    client_start_all(clients);
    if (opt.mode != LOGIN)
        wait_ready();
    if (opt.mode == IDLE) {
        run_idle(began_s);
        return 0;
    }
    net_serve(now_s() + opt.warm_up_s, NULL);
    figures_begin();
    net_serve(now_s() + opt.seconds, NULL);
    figures_end();
    figures_print();
    return 0;
}
