// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Signals taken one at a time by a thread that waits for them, instead of handlers.
public struct Signals: Sendable {
    private let numbers: [Int32]

    /// Blocks the signals for the calling thread and all threads started after.
    ///
    /// Call first in `main`.
    public init(blocking numbers: [Int32]) {
        self.numbers = numbers
        var set = Signals.set(of: numbers)
        // SAFETY: the set is initialised; a failure would be a bad constant.
        let result = unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
        precondition(result == 0, "pthread_sigmask: \(result)")
        // A peer that closes early is reported by the call, not by a signal.
        signal(SIGPIPE, SIG_IGN)
        // A file at its limit of size is a failed write, not the end of the process.
        signal(SIGXFSZ, SIG_IGN)
    }

    private static func set(of numbers: [Int32]) -> sigset_t {
        var set = sigset_t()
        // SAFETY: sigemptyset initialises the set before any use.
        unsafe sigemptyset(&set)
        for number in numbers { unsafe sigaddset(&set, number) }
        return set
    }

    /// The next of the blocked signals.
    ///
    /// Blocks.
    public func next() -> Int32 {
        var set = Signals.set(of: self.numbers)
        var number: Int32 = 0
        // SAFETY: both point at initialised locals.
        while unsafe sigwait(&set, &number) != 0 {}
        return number
    }
}
