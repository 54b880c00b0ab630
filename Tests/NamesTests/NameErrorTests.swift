// SPDX-License-Identifier: Apache-2.0

import Names
import Testing

@Suite("Name errors")
struct NameErrorTests {
    @Test func `each reason has words of its own`() {
        let all: [NameError] = [
            .notFound, .noAddress, .serverFailed, .refused, .timedOut, .unreachable, .malformed,
            .badName, .badServers, .tooMany, .ended, .unavailable,
        ]
        #expect(Set(all.map(\.text)).count == all.count)
    }
}
