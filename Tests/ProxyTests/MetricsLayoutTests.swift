// SPDX-License-Identifier: Apache-2.0

import Proxy
import TLS
import Testing

@Suite("Words of metrics")
struct MetricsLayoutTests {
    @Test func `no word is anybody else's`() {
        var words = WorkerCounter.allCases.map(\.rawValue)
        for failure in TLSFailure.allCases {
            #expect(failure.rawValue < 32)
            words.append(MetricsLayout.clientTLSFailure(failure.rawValue))
            words.append(MetricsLayout.tlsFailure(failure.rawValue))
        }
        words.append(MetricsLayout.request(row: 0, answerer: 0, statusClass: 0, method: 0))
        #expect(Set(words).count == words.count)
        #expect(words.dropLast().allSatisfy { $0 < MetricsLayout.globalWords })
    }
}
