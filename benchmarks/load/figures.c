/* Counts and times inside the window that is measured; the broker's processor time over the same window. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "load.h"

#define SAMPLES (1 << 20)

static float samples[SAMPLES]; /* ms; the first ones of a window that holds more */
static size_t count;
static bool counting;
static double began_s, ended_s, began_cpu_s, ended_cpu_s;

/* User and system time of the broker, s: fields 14 and 15 of /proc/<pid>/stat. */
static double broker_cpu_s(void) {
    char path[64], text[1024];
    unsigned long user = 0, system = 0;
    if (opt.broker_pid == 0)
        return 0;
    snprintf(path, sizeof path, "/proc/%d/stat", opt.broker_pid);
    FILE *file = fopen(path, "r");
    if (file == NULL || fgets(text, sizeof text, file) == NULL)
        die("the broker is gone");
    fclose(file);
    const char *fields = text;
    for (const char *at = text; *at; at++) /* the name in field 2 may hold blanks */
        if (*at == ')')
            fields = at + 2;
    if (sscanf(fields, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2)
        die("cannot read the broker's processor time");
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

void figures_done(double from_s) {
    if (!counting)
        return;
    if (count < SAMPLES)
        samples[count] = (float)((now_s() - from_s) * 1000);
    count++;
}

void figures_begin(void) {
    count = 0;
    counting = true;
    began_cpu_s = broker_cpu_s();
    began_s = now_s();
}

void figures_end(void) {
    ended_s = now_s();
    ended_cpu_s = broker_cpu_s();
    counting = false;
}

static int by_value(const void *one, const void *other) {
    float a = *(const float *)one, b = *(const float *)other;
    return (a > b) - (a < b);
}

void figures_print(void) {
    size_t kept = count < SAMPLES ? count : SAMPLES;
    double seconds = ended_s - began_s;
    qsort(samples, kept, sizeof samples[0], by_value);
    printf("{\"count\": %zu, \"seconds\": %.3f, \"per_s\": %.1f, \"p50_ms\": %.4f, \"p99_ms\": %.4f, "
           "\"broker_cpu\": %.3f}\n",
           count, seconds, (double)count / seconds, kept ? samples[kept / 2] : 0.0,
           kept ? samples[(size_t)floor((double)kept * 0.99)] : 0.0, (ended_cpu_s - began_cpu_s) / seconds);
    fflush(stdout);
}
