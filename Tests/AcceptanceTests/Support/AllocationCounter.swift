// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Counts the allocations of a child process while it runs, in the binary as it ships.
///
/// A small shared object, built here with `cc`, stands before libc's allocator in the child and
/// counts into a file that both have mapped: reading it disturbs nothing. Workers are told by the
/// name of their thread, so that a log writer or a store thread does not hide what an exchange
/// costs.
///
///     let counter = try AllocationCounter()
///     let edge = try ChildProcess(binary, arguments, environment: counter.environment)
///     ... warm up ...
///     let before = counter.worker
///     ... 10,000 exchanges ...
///     #expect(counter.worker == before)
final class AllocationCounter: Sendable {
    private let folder: TemporaryFolder

    /// Builds the counter with `cc` (make deps-test).
    init() throws {
        self.folder = try TemporaryFolder()
        let source = try self.folder.write("count.c", AllocationCounter.source)
        let compiler = try ChildProcess(
            "cc",
            ["-O2", "-shared", "-fPIC", "-o", self.folder.path("count.so"), source]
        )
        guard try compiler.waitForEnd(seconds: 60) == 0 else {
            throw AcceptanceError("cc: \(compiler.error)")
        }
        try Data(count: 16).write(to: URL(fileURLWithPath: self.folder.path("counts")))
    }

    /// What the child's environment needs.
    var environment: [String: String] {
        [
            "LD_PRELOAD": self.folder.path("count.so"),
            "BANYAN_ALLOCATION_COUNTS": self.folder.path("counts"),
        ]
    }

    /// Allocations of all threads since the start.
    var all: Int { self.word(0) }
    /// Allocations of worker threads (`banyan-0`, ...) since they had their name.
    var worker: Int { self.word(1) }

    private func word(_ index: Int) -> Int {
        let url = URL(fileURLWithPath: self.folder.path("counts"))
        guard let data = try? Data(contentsOf: url), data.count == 16 else { return -1 }
        return data[(index * 8)..<(index * 8 + 8)].reversed().reduce(0) { $0 << 8 | Int($1) }
    }

    // The shared object. The entry points of glibc stand behind, so nothing is looked up.
    private static let source = """
        #define _GNU_SOURCE
        #include <errno.h>
        #include <fcntl.h>
        #include <stdint.h>
        #include <stdlib.h>
        #include <string.h>
        #include <sys/mman.h>
        #include <sys/prctl.h>
        #include <unistd.h>

        extern void *__libc_malloc(size_t);
        extern void *__libc_calloc(size_t, size_t);
        extern void *__libc_realloc(void *, size_t);
        extern void *__libc_memalign(size_t, size_t);

        static uint64_t *counts;

        __attribute__((constructor)) static void open_counts(void) {
            const char *path = getenv("BANYAN_ALLOCATION_COUNTS");
            int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
            if (fd < 0) return;
            void *page = mmap(0, 16, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
            if (page != MAP_FAILED) counts = page;
            close(fd);
        }

        static void count(void) {
            if (!counts) return;
            __atomic_fetch_add(&counts[0], 1, __ATOMIC_RELAXED);
            char name[16] = "";
            prctl(PR_GET_NAME, name);
            if (!strncmp(name, "banyan-", 7) && name[7] >= '0' && name[7] <= '9')
                __atomic_fetch_add(&counts[1], 1, __ATOMIC_RELAXED);
        }

        void *malloc(size_t n) { count(); return __libc_malloc(n); }
        void *calloc(size_t n, size_t m) { count(); return __libc_calloc(n, m); }
        void *realloc(void *p, size_t n) { count(); return __libc_realloc(p, n); }
        void *memalign(size_t a, size_t n) { count(); return __libc_memalign(a, n); }
        void *aligned_alloc(size_t a, size_t n) { count(); return __libc_memalign(a, n); }
        int posix_memalign(void **p, size_t a, size_t n) {
            count();
            void *made = __libc_memalign(a, n);
            if (!made) return ENOMEM;
            *p = made;
            return 0;
        }

        """
}
