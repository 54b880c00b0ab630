// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Nanoseconds of the monotonic clock: for deadlines and durations.
public func monotonicNanoseconds() -> UInt64 {
    var time = timespec()
    // SAFETY: the kernel writes one timespec.
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
}

/// Milliseconds since 1970 of the wall clock: for people and logs; may jump.
public func wallMilliseconds() -> UInt64 {
    var time = timespec()
    // SAFETY: the kernel writes one timespec.
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    return UInt64(time.tv_sec) &* 1_000 &+ UInt64(time.tv_nsec) / 1_000_000
}
