// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "include/clinux.h"
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int banyan_accept4(int fd, struct sockaddr *address, socklen_t *length, int flags) {
    return accept4(fd, address, length, flags);
}
int banyan_pin_to_core(int core) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET((unsigned)core, &set);
    return sched_setaffinity(0, sizeof set, &set);
}
int banyan_peer_credentials(int fd, int32_t *pid, uint32_t *uid, uint32_t *gid) {
    struct ucred credentials;
    socklen_t length = sizeof credentials;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0) return -1;
    *pid = credentials.pid;
    *uid = credentials.uid;
    *gid = credentials.gid;
    return 0;
}
// Bit 4 alone: ELF headers, and no mapping at all (core(5)). A kernel without core files has no such
// file, and needs none.
static int keep_mappings_out_of_core_files(void) {
    int fd = open("/proc/self/coredump_filter", O_WRONLY | O_CLOEXEC);
    if (fd < 0) return errno == ENOENT ? 0 : -1;
    ssize_t n = write(fd, "0x10", 4);
    close(fd);
    return n == 4 ? 0 : -1;
}
int banyan_disable_core_dumps(void) {
    // First: a process that is not dumpable may not write there without being root.
    if (keep_mappings_out_of_core_files() != 0) return -1;
    struct rlimit none = {0, 0};
    if (setrlimit(RLIMIT_CORE, &none) != 0) return -1;
    return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}
static _Thread_local int wipes_what_is_freed;
void banyan_set_wiping(int wipes) { wipes_what_is_freed = wipes; }
void *banyan_wiping_malloc(size_t count, const char *file, int line) {
    (void)file, (void)line;
    return count == 0 ? NULL : malloc(count);
}
void banyan_wiping_free(void *bytes, const char *file, int line) {
    (void)file, (void)line;
    if (wipes_what_is_freed && bytes != NULL) explicit_bzero(bytes, malloc_usable_size(bytes));
    free(bytes);
}
void *banyan_wiping_realloc(void *bytes, size_t count, const char *file, int line) {
    if (bytes == NULL) return banyan_wiping_malloc(count, file, line);
    if (count == 0) {
        banyan_wiping_free(bytes, file, line);
        return NULL;
    }
    if (!wipes_what_is_freed) return realloc(bytes, count);
    void *moved = malloc(count);
    if (moved == NULL) return NULL;
    size_t before = malloc_usable_size(bytes);
    memcpy(moved, bytes, before < count ? before : count);
    banyan_wiping_free(bytes, file, line);
    return moved;
}
int banyan_end_with_parent(void) {
    if (prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0) != 0) return -1;
    return getppid() == 1 ? -1 : 0;
}
int banyan_getrandom(void *buffer, size_t length) {
    uint8_t *at = buffer;
    while (length > 0) {
        ssize_t n = getrandom(at, length, 0);
        if (n < 0) {
            if (errno == EINTR) continue;
            return -1;
        }
        at += n;
        length -= (size_t)n;
    }
    return 0;
}
void banyan_set_thread_name(const char *name) { pthread_setname_np(pthread_self(), name); }
int banyan_open(const char *path, int flags, unsigned mode) { return open(path, flags | O_CLOEXEC, mode); }
int banyan_fcntl_int(int fd, int command, int argument) { return fcntl(fd, command, argument); }
uint64_t banyan_process_cpu_nanoseconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}
int banyan_exit_code(int status) {
    if (WIFEXITED(status)) return WEXITSTATUS(status);
    if (WIFSIGNALED(status)) return -WTERMSIG(status);
    return -1;
}
size_t banyan_find_head_end(const uint8_t *p, size_t from, size_t length) {
    size_t i = from > 3 ? from - 3 : 0;
    while (i + 4 <= length) {
        const uint8_t *cr = memchr(p + i, '\n', length - i);
        if (!cr) return 0;
        size_t at = (size_t)(cr - p);
        // at is LF; a head ends where the next two bytes are CR LF and CR stood before it
        if (at + 2 < length && p[at + 1] == '\r' && p[at + 2] == '\n') return at + 3;
        i = at + 1;
    }
    return 0;
}

int banyan_timer_open(uint64_t first_nanoseconds, uint64_t interval_nanoseconds) {
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (fd < 0) return -1;
    struct itimerspec times = {
        .it_interval = {(time_t)(interval_nanoseconds / 1000000000), (long)(interval_nanoseconds % 1000000000)},
        .it_value = {(time_t)(first_nanoseconds / 1000000000), (long)(first_nanoseconds % 1000000000)},
    };
    if (timerfd_settime(fd, TFD_TIMER_ABSTIME, &times, NULL) == 0) return fd;
    close(fd);
    return -1;
}
uint64_t banyan_timer_take(int fd) {
    uint64_t expirations = 0;
    return read(fd, &expirations, sizeof expirations) == (ssize_t)sizeof expirations ? expirations : 0;
}

int banyan_memory_file(void) { return memfd_create("banyan", MFD_CLOEXEC); }
