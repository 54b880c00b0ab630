// SPDX-License-Identifier: Apache-2.0
// Invariant of this island: mutex and condition are initialised once, at a fixed address, and
// destroyed after the last reference is gone.

import Glibc

/// Counts down from another thread; one thread waits for zero, with a deadline.
@safe
public final class Latch: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>
    private var count: Int

    /// A latch that opens after `count` calls of ``countDown()``.
    public init(count: Int) {
        precondition(count >= 0, "\(count)")
        unsafe self.mutex = .allocate(capacity: 1)
        unsafe self.condition = .allocate(capacity: 1)
        self.count = count
        unsafe pthread_mutex_init(self.mutex, nil)
        var attributes = pthread_condattr_t()
        unsafe pthread_condattr_init(&attributes)
        // Deadlines must not jump with the wall clock.
        unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        unsafe pthread_cond_init(self.condition, &attributes)
        unsafe pthread_condattr_destroy(&attributes)
    }

    deinit {
        unsafe pthread_cond_destroy(self.condition)
        unsafe pthread_mutex_destroy(self.mutex)
        unsafe self.condition.deallocate()
        unsafe self.mutex.deallocate()
    }

    /// One of the awaited events has happened.
    public func countDown() {
        unsafe pthread_mutex_lock(self.mutex)
        self.count -= 1
        if self.count <= 0 { unsafe pthread_cond_broadcast(self.condition) }
        unsafe pthread_mutex_unlock(self.mutex)
    }

    /// Waits for zero; `false` when `timeoutMilliseconds` passed first.
    public func wait(timeoutMilliseconds: Int) -> Bool {
        let until = monotonicNanoseconds() + UInt64(max(0, timeoutMilliseconds)) * 1_000_000
        var deadline = timespec()
        deadline.tv_sec = Int(until / 1_000_000_000)
        deadline.tv_nsec = Int(until % 1_000_000_000)
        unsafe pthread_mutex_lock(self.mutex)
        defer { unsafe pthread_mutex_unlock(self.mutex) }
        while self.count > 0 {
            let result = unsafe pthread_cond_timedwait(self.condition, self.mutex, &deadline)
            if result == ETIMEDOUT { return self.count <= 0 }
        }
        return true
    }
}
