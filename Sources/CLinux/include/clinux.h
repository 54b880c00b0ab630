// SPDX-License-Identifier: Apache-2.0
// What Swift cannot say by itself: calls that Glibc's module hides behind _GNU_SOURCE, macros,
// variadic functions, relaxed atomics on plain memory and the two byte scanners.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/types.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

// accept4, sched_setaffinity, SO_PEERCRED and prctl are GNU-only or macros: they live in shim.c.
int banyan_accept4(int fd, struct sockaddr *_Nullable address, socklen_t *_Nullable length, int flags);
int banyan_pin_to_core(int core);
int banyan_peer_credentials(int fd, int32_t *_Nonnull pid, uint32_t *_Nonnull uid, uint32_t *_Nonnull gid);
int banyan_disable_core_dumps(void);
// SIGTERM for the calling process when the thread that started it ends; -1 when it has ended.
int banyan_end_with_parent(void);
// malloc, realloc and free in the form that libraries take them; while the calling thread wipes,
// what it frees is zeroed first.
void *_Nullable banyan_wiping_malloc(size_t count, const char *_Nullable file, int line);
void *_Nullable banyan_wiping_realloc(void *_Nullable bytes, size_t count, const char *_Nullable file, int line);
void banyan_wiping_free(void *_Nullable bytes, const char *_Nullable file, int line);
void banyan_set_wiping(int wipes);
int banyan_getrandom(void *_Nonnull buffer, size_t length);
void banyan_set_thread_name(const char *_Nonnull name);
int banyan_open(const char *_Nonnull path, int flags, unsigned mode);
int banyan_fcntl_int(int fd, int command, int argument);
// The CPU time that the calling process has used, in nanoseconds.
uint64_t banyan_process_cpu_nanoseconds(void);
// A descriptor that is readable at `first` (CLOCK_MONOTONIC, ns) and every `interval` ns from then on;
// -1 on failure. Taking its expirations: 0 when there are none.
int banyan_timer_open(uint64_t first_nanoseconds, uint64_t interval_nanoseconds);
uint64_t banyan_timer_take(int fd);
// A file in memory without a path, or -1 (memfd_create(2)).
int banyan_memory_file(void);
// WIFEXITED and friends are macros: exit code of a wait status, or -signal.
int banyan_exit_code(int status);

// Single-writer counters read by other threads: relaxed loads and stores, no lock prefix.
static inline uint64_t banyan_load_relaxed(const uint64_t *_Nonnull p) { return __atomic_load_n(p, __ATOMIC_RELAXED); }
static inline void banyan_store_relaxed(uint64_t *_Nonnull p, uint64_t v) { __atomic_store_n(p, v, __ATOMIC_RELAXED); }
static inline void banyan_add_relaxed(uint64_t *_Nonnull p, uint64_t v) {
    __atomic_store_n(p, __atomic_load_n(p, __ATOMIC_RELAXED) + v, __ATOMIC_RELAXED);
}
// Shared words of the recent-writer table and the cell notes (several writers).
static inline uint64_t banyan_load_acquire(const uint64_t *_Nonnull p) { return __atomic_load_n(p, __ATOMIC_ACQUIRE); }
static inline void banyan_store_release(uint64_t *_Nonnull p, uint64_t v) { __atomic_store_n(p, v, __ATOMIC_RELEASE); }
static inline int banyan_compare_exchange(uint64_t *_Nonnull p, uint64_t *_Nonnull expected, uint64_t desired) {
    return __atomic_compare_exchange_n(p, expected, desired, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}
static inline uint32_t banyan_load_acquire32(const uint32_t *_Nonnull p) { return __atomic_load_n(p, __ATOMIC_ACQUIRE); }
static inline uint32_t banyan_fetch_or32(uint32_t *_Nonnull p, uint32_t v) { return __atomic_fetch_or(p, v, __ATOMIC_ACQ_REL); }
static inline uint32_t banyan_fetch_and32(uint32_t *_Nonnull p, uint32_t v) { return __atomic_fetch_and(p, v, __ATOMIC_ACQ_REL); }
static inline uint32_t banyan_fetch_add32(uint32_t *_Nonnull p, uint32_t v) { return __atomic_fetch_add(p, v, __ATOMIC_ACQ_REL); }

// Index of the first byte that may not stand in a field value (RFC 9110 5.5: controls but HTAB,
// and DEL), or `length`. CR ends every value, so this is also how the end of a line is found.
static inline size_t banyan_scan_field_value(const uint8_t *_Nonnull p, size_t length) {
    size_t i = 0;
#if defined(__SSE2__)
    const __m128i space = _mm_set1_epi8(0x20), tab = _mm_set1_epi8(0x09), del = _mm_set1_epi8(0x7f);
    const __m128i sign = _mm_set1_epi8((char)0x80);
    for (; i + 16 <= length; i += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(p + i));
        // unsigned v < 0x20, by flipping the sign bits of both sides
        __m128i low = _mm_cmplt_epi8(_mm_xor_si128(v, sign), _mm_xor_si128(space, sign));
        __m128i bad = _mm_or_si128(_mm_andnot_si128(_mm_cmpeq_epi8(v, tab), low), _mm_cmpeq_epi8(v, del));
        int mask = _mm_movemask_epi8(bad);
        if (mask) return i + (size_t)__builtin_ctz((unsigned)mask);
    }
#endif
    for (; i < length; i++)
        if ((p[i] < 0x20 && p[i] != 0x09) || p[i] == 0x7f) return i;
    return length;
}
// Index of the first byte that is no letter, digit or `-`, or `length`: where nearly every field
// name ends. The caller looks at that byte and walks on by itself over the rarer token bytes.
static inline size_t banyan_scan_name(const uint8_t *_Nonnull p, size_t length) {
    size_t i = 0;
#if defined(__SSE2__)
    for (; i + 16 <= length; i += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(p + i));
        __m128i folded = _mm_or_si128(v, _mm_set1_epi8(0x20));
        __m128i letter = _mm_and_si128(_mm_cmpgt_epi8(folded, _mm_set1_epi8('a' - 1)),
                                       _mm_cmplt_epi8(folded, _mm_set1_epi8('z' + 1)));
        __m128i digit = _mm_and_si128(_mm_cmpgt_epi8(v, _mm_set1_epi8('0' - 1)),
                                      _mm_cmplt_epi8(v, _mm_set1_epi8('9' + 1)));
        __m128i good = _mm_or_si128(_mm_or_si128(letter, digit), _mm_cmpeq_epi8(v, _mm_set1_epi8('-')));
        int mask = _mm_movemask_epi8(good) ^ 0xffff;
        if (mask) return i + (size_t)__builtin_ctz((unsigned)mask);
    }
#endif
    for (; i < length; i++) {
        uint8_t folded = p[i] | 0x20;
        if (!((folded >= 'a' && folded <= 'z') || (p[i] >= '0' && p[i] <= '9') || p[i] == '-')) return i;
    }
    return length;
}
// Index of the first byte that is not graphic ASCII, or is `#` or `?`, or `length`.
static inline size_t banyan_scan_target(const uint8_t *_Nonnull p, size_t length) {
    size_t i = 0;
#if defined(__SSE2__)
    for (; i + 16 <= length; i += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(p + i));
        // signed: bytes from 0x80 on are negative and so below 0x21
        __m128i bad = _mm_cmplt_epi8(v, _mm_set1_epi8(0x21));
        bad = _mm_or_si128(bad, _mm_cmpeq_epi8(v, _mm_set1_epi8(0x7f)));
        bad = _mm_or_si128(bad, _mm_cmpeq_epi8(v, _mm_set1_epi8('#')));
        bad = _mm_or_si128(bad, _mm_cmpeq_epi8(v, _mm_set1_epi8('?')));
        int mask = _mm_movemask_epi8(bad);
        if (mask) return i + (size_t)__builtin_ctz((unsigned)mask);
    }
#endif
    for (; i < length; i++)
        if (p[i] < 0x21 || p[i] >= 0x7f || p[i] == '#' || p[i] == '?') return i;
    return length;
}
// Index just behind the first CR LF CR LF at or after `from`, or 0 when there is none.
size_t banyan_find_head_end(const uint8_t *_Nonnull p, size_t from, size_t length);
