// SPDX-License-Identifier: Apache-2.0
import Bytes
import Corpora
import Testing
import Wire

@Suite("HTTP/2 rows")
struct H2RowTests {
    /// What a server makes of a row, in the words of its expectation.
    static func outcome(_ row: H2Row, pieces: Int) throws -> H2Expected? {
        let server = try H2Peer(.server)
        server.consumes = false
        let bytes = row.isWhole ? row.bytes : H2Frames.opening + row.bytes
        server.receive(bytes + (row.isWhole ? [] : H2Frames.ping(0x5a)), pieces: pieces)
        var output = server.output()
        // What only the next read or pull may tell.
        server.receive([])
        output += server.output()
        let frames = H2Frame.take(from: &output)
        if let goAway = frames.first(where: { $0.type == 7 }), let code = goAway.code, code != 0 {
            return .connection(code)
        }
        let isAlive = frames.contains { $0.type == 6 && $0.flags == 1 && $0.payload[0] == 0x5a }
        guard isAlive else { return nil }
        if let reset = frames.first(where: { $0.type == 3 && $0.code != 0 }) {
            return .stream(reset.stream, reset.code ?? 0)
        }
        if let answer = frames.first(where: { $0.type == 1 }) {
            return .status(answer.stream, answer.status ?? 0)
        }
        return .fine
    }

    @Test(arguments: [16_384, 1, 7])
    func `every row has the outcome that its section asks for`(pieces: Int) throws {
        for row in h2ClientRows {
            let outcome = try Self.outcome(row, pieces: pieces)
            #expect(outcome == row.expected, "\(row.section): \(row.name)")
        }
    }

    @Test func `rows have names of their own`() {
        let names = Set(h2ClientRows.map { $0.section + $0.name })
        #expect(names.count == h2ClientRows.count)
        #expect(h2ClientRows.count > 130)
    }
}
