// SPDX-License-Identifier: Apache-2.0
import Testing
import Wire

@Suite("HTTP/2 session table")
struct H2SessionTableTests {
    @Test func `sessions are opened, used and closed by index`() throws {
        var table = H2SessionTable(capacity: 30_000)
        try table.open(29_999, role: .server, limits: H2Limits())
        try table.open(3, role: .client, limits: H2Limits())
        let two = table.count
        let clientMay = table[3].takesRequests
        let serverMay = table[29_999].takesRequests
        #expect(two == 2 && clientMay && !serverMay)
        table.close(3)
        table.close(3)
        let isOpen = table.isOpen(3)
        let one = table.count
        #expect(!isOpen && one == 1)
        try table.open(3, role: .server, limits: H2Limits())
        let hasOutput = table[3].hasOutput
        #expect(hasOutput)
    }
}
