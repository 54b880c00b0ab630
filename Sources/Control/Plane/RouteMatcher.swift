// SPDX-License-Identifier: Apache-2.0

import Bytes
import Migration
import Patterns

/// Compares paths with regular expressions for `explain`, as the data plane does for requests.
struct RouteMatcher: ~Copyable, PatternMatcher {
    private var scratch = PatternScratch()

    mutating func matches(_ pattern: UInt, _ subject: ByteWindow) -> Bool {
        self.scratch.matches(pattern, subject)
    }
}
