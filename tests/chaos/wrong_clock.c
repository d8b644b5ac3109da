/* A wall clock that is wrong by as many seconds as a file says: for LD_PRELOAD. Monotonic clocks stay right. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static int read_clock(clockid_t clock, struct timespec *at) { return (int)syscall(SYS_clock_gettime, clock, at); }

/* Read again every 50 ms: this is called millions of times. */
static long wrong_by(void) {
    static _Atomic long seconds, next_look_ms;
    struct timespec now;
    read_clock(CLOCK_MONOTONIC_COARSE, &now);
    long now_ms = now.tv_sec * 1000 + now.tv_nsec / 1000000;
    if (now_ms < next_look_ms) return seconds;
    next_look_ms = now_ms + 50;
    const char *path = getenv("WRONG_CLOCK");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) return seconds;
    char text[24] = {0};
    if (read(file, text, sizeof text - 1) > 0) seconds = atol(text);
    close(file);
    return seconds;
}

int clock_gettime(clockid_t clock, struct timespec *at) {
    int result = read_clock(clock, at);
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) at->tv_sec += wrong_by();
    return result;
}

int gettimeofday(struct timeval *restrict at, void *restrict zone) {
    (void)zone;
    struct timespec now;
    int result = clock_gettime(CLOCK_REALTIME, &now);
    at->tv_sec = now.tv_sec;
    at->tv_usec = now.tv_nsec / 1000;
    return result;
}

time_t time(time_t *into) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (into) *into = now.tv_sec;
    return now.tv_sec;
}

/* Whoever waits until an instant named it by the wrong clock; the kernel knows the right one. An instant after 2001 is
   none of the monotonic clock. */
int pthread_cond_timedwait(pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex, const struct timespec *restrict until) {
    static int (*wait)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
    if (!wait) wait = dlvsym(RTLD_NEXT, "pthread_cond_timedwait", "GLIBC_2.3.2");
    if (!wait) wait = dlsym(RTLD_NEXT, "pthread_cond_timedwait");
    struct timespec right = *until;
    if (right.tv_sec > 1000000000) right.tv_sec -= wrong_by();
    return wait(cond, mutex, &right);
}
