// SPDX-License-Identifier: Apache-2.0

import Bytes
import Corpora
import Foundation
import Migration
import Synchronization
import Testing

@testable import Proxy

/// A request as it stands in the corpus, or as it reached the upstream: read without the codec.
struct PlainRequest: Equatable {
    var method = ""
    var target = ""
    var content: [UInt8] = []

    /// Takes the request at the start of `bytes`, which are known to be well formed.
    init?(taking bytes: inout [UInt8]) {
        while bytes.starts(with: [13, 10]) { bytes.removeFirst(2) }
        guard let end = RawConnection.find([13, 10, 13, 10], in: bytes) else { return nil }
        let head = String(decoding: bytes.prefix(end + 2), as: UTF8.self)
        bytes.removeFirst(end + 4)
        let line = head.components(separatedBy: "\r\n")[0].components(separatedBy: " ")
        guard line.count == 3 else { return nil }
        self.method = line[0]
        self.target = line[1]
        let fields = head.components(separatedBy: "\r\n").dropFirst().compactMap { line in
            line.firstIndex(of: ":").map { colon in
                (
                    line[..<colon].lowercased(),
                    line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
                )
            }
        }
        if fields.contains(where: { $0.0 == "transfer-encoding" }) {
            guard let content = PlainRequest.takeChunks(&bytes) else { return nil }
            self.content = content
        } else if let field = fields.first(where: { $0.0 == "content-length" }) {
            let digits = field.1.prefix { $0.isNumber }
            guard let count = Int(digits), bytes.count >= count else { return nil }
            self.content = Array(bytes.prefix(count))
            bytes.removeFirst(count)
        }
    }

    private static func takeChunks(_ bytes: inout [UInt8]) -> [UInt8]? {
        var content: [UInt8] = []
        while let end = RawConnection.find([13, 10], in: bytes) {
            let digits = String(decoding: bytes.prefix(end), as: UTF8.self).prefix { $0.isHexDigit }
            guard let count = Int(digits, radix: 16) else { return nil }
            bytes.removeFirst(end + 2)
            if count == 0 {
                while let end = RawConnection.find([13, 10], in: bytes) {
                    bytes.removeFirst(end + 2)
                    if end == 0 { return content }
                }
                return nil
            }
            guard bytes.count >= count + 2 else { return nil }
            content += bytes.prefix(count)
            bytes.removeFirst(count + 2)
        }
        return nil
    }

    /// The target as a proxy forwards it: no scheme, no authority, the path canonical; `nil` when
    /// the path has no canonical form.
    var forwarded: String? {
        var target = self.target
        if target.lowercased().hasPrefix("http://") {
            let rest = target.dropFirst(7)
            let start = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
            target = String(rest[start...])
            if target.isEmpty, self.method == "OPTIONS" { return "*" }
            if !target.hasPrefix("/") { target = "/" + target }
        }
        let path = target.prefix { $0 != "?" }
        var pool = BlockPool(capacity: 2)
        let (source, copy) = (pool.take() ?? .none, pool.take() ?? .none)
        var writer = pool.writer(source, from: 0)
        for byte in path.utf8 { writer.append(byte) }
        let count = writer.position
        var output = pool.writer(copy, from: 0)
        switch canonicalPath(pool.window(source, 0, count), into: &output).form {
        case .refused: return nil
        case .unchanged: return target
        case .rewritten:
            let bytes = pool.window(copy, 0, output.position)
            let text = String(decoding: (0..<bytes.count).map { bytes[$0] }, as: UTF8.self)
            return text + target.dropFirst(path.count)
        }
    }
}

@Suite("Hostile clients")
struct HostileClientTests {
    /// Everything is forwarded to one origin; `%2f` and `//` are kept.
    static func route() -> RouteModel {
        var route = TestEdge.route("r", prefix: "/")
        route.encodedSlash = .keep
        route.doubleSlash = .keep
        return route
    }

    @Test func `every row of the corpus has its answer, and only whole ones go upstream`() throws {
        let seen = Mutex<[PlainRequest]>([])
        let origin = try RawOrigin { connection in
            while let head = connection.readHead() {
                guard let content = connection.readContent(of: head) else { return }
                var bytes = Array(head.utf8) + content
                let folded = head.lowercased()
                let framings =
                    folded.components(separatedBy: "\r\ncontent-length:").count
                    + folded.components(separatedBy: "\r\ntransfer-encoding:").count - 2
                #expect(framings <= 1, "framed twice: \(head)")
                let request = PlainRequest(taking: &bytes)
                #expect(bytes.isEmpty, "bytes behind: \(head)")
                guard let request else { return }
                seen.withLock { $0.append(request) }
                connection.send(
                    request.method == "HEAD"
                        ? "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" : ok("ok")
                )
            }
        }
        let edge = try TestEdge(
            routes: [HostileClientTests.route()],
            legacy: origin.port,
            modern: origin.port
        )
        let rows = try corpusRows("requests.txt")
        #expect(rows.count > 400)
        for row in rows { try HostileClientTests.check(row, edge, seen) }
        try edge.expectNothingLeft(upstreamsMax: 4, "after all rows")
    }

    private static func check(
        _ row: CorpusRow,
        _ edge: TestEdge,
        _ seen: borrowing Mutex<[PlainRequest]>
    ) throws {
        let situation = Comment(rawValue: row.name)
        seen.withLock { $0.removeAll() }
        let client = try TestClient(port: edge.port)
        var reader = AnswerReader(client)
        client.send(row.bytes)
        client.shutdownWrite()
        var rest = row.bytes
        var due: [PlainRequest] = []
        for word in row.expected.components(separatedBy: ",") {
            if word == "INCOMPLETE" {
                #expect(!reader.next().isComplete, situation)
                continue
            }
            guard word == "OK" else {
                let answer = reader.next()
                #expect(answer.status == Int(word.prefix(3)) && answer.isComplete, situation)
                #expect(reader.next().status == 0, "closed: \(row.name)")
                continue
            }
            guard var request = PlainRequest(taking: &rest) else {
                Issue.record("the oracle cannot read \(row.name)")
                return
            }
            let answer = reader.next(isHead: request.method == "HEAD")
            #expect(answer.isComplete, situation)
            guard let target = request.forwarded else {
                #expect(answer.status == 400, situation)
                continue
            }
            #expect(answer.status == 200, situation)
            request.target = target
            due.append(request)
        }
        let got = seen.withLock { $0 }
        #expect(got == due, situation)
    }

    @Test func `a thousand pipelined requests are answered in order, others in between`() throws {
        let origin = try TestOrigin { ok("of " + String($0.split(separator: " ")[1])) }
        let edge = try TestEdge(
            routes: [HostileClientTests.route()],
            legacy: origin.port,
            modern: origin.port
        )
        let client = try TestClient(port: edge.port)
        let other = try TestClient(port: edge.port)
        var reader = AnswerReader(client)
        var otherReader = AnswerReader(other)
        client.send((0..<1_000).map { "GET /\($0) HTTP/1.1\r\nHost: x\r\n\r\n" }.joined())
        for number in 0..<1_000 {
            if number % 100 == 0 {
                other.send("GET /other HTTP/1.1\r\nHost: x\r\n\r\n")
                #expect(otherReader.next().text == "of /other")
            }
            #expect(reader.next().text == "of /\(number)")
        }
        try waitUntil { edge.plane.total(.requestsInFlight) == 0 }
    }

    @Test func `empty lines before a request are counted, however they come`() throws {
        let origin = try TestOrigin { _ in ok("ok") }
        let edge = try TestEdge(
            routes: [HostileClientTests.route()],
            legacy: origin.port,
            modern: origin.port
        )
        for (lines, status) in [(4, 200), (5, 400), (9, 400)] {
            let client = try TestClient(port: edge.port)
            var reader = AnswerReader(client)
            for _ in 0..<lines {
                client.send("\r\n")
                Thread.sleep(forTimeInterval: 0.01)
            }
            client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(reader.next().status == status, "\(lines) empty lines")
        }
    }

    @Test func `a head in single bytes is a head`() throws {
        let origin = try TestOrigin { _ in ok("ok") }
        let edge = try TestEdge(
            routes: [HostileClientTests.route()],
            legacy: origin.port,
            modern: origin.port
        )
        let client = try TestClient(port: edge.port)
        var reader = AnswerReader(client)
        for byte in "\r\nPOST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".utf8 {
            client.send([byte])
            sched_yield()
        }
        for byte in "3\r\nabc\r\n0\r\n\r\n".utf8 {
            client.send([byte])
            sched_yield()
        }
        #expect(reader.next().text == "ok")
        #expect(origin.requests.first?.hasSuffix("0\r\n\r\n") == true)
    }

    @Test func `clients that go away in the middle leave nothing`() throws {
        let origin = try TestOrigin { request in
            request.contains("/big") ? ok(String(repeating: "a", count: 4_000_000)) : ok("ok")
        }
        let edge = try TestEdge(
            routes: [HostileClientTests.route()],
            legacy: origin.port,
            modern: origin.port
        )
        let starts = [
            "", "G", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost: x\r\n\r\nGET",
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345",
            "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12",
            "GET /big HTTP/1.1\r\nHost: x\r\n\r\n",
            "GET /big HTTP/1.1\r\nHost: x\r\n\r\nGET /big HTTP/1.1\r\nHost: x\r\n\r\n",
        ]
        for start in starts {
            for way in 0..<3 {
                let client = try TestClient(port: edge.port)
                client.send(start)
                if way == 1 { client.shutdownWrite() }
                if way == 2 { client.resetsOnClose() }
                if start.contains("/big"), way != 1 { _ = client.read(10) }
            }
        }
        try edge.expectNothingLeft(upstreamsMax: 64, "after clients that left")
        #expect(edge.plane.total(.answersCutShort) == 0, "no upstream was to blame")
    }

    @Test func `Expect is passed on, and the upstream decides`() throws {
        let origin = try RawOrigin { connection in
            while let head = connection.readHead() {
                guard head.lowercased().contains("expect: 100-continue") else { return }
                if head.contains("/refused") {
                    connection.send("HTTP/1.1 417 No\r\nContent-Length: 2\r\n\r\nno")
                    connection.waitForEnd()
                    return
                }
                connection.send("HTTP/1.1 100 Continue\r\n\r\n")
                guard let content = connection.readContent(of: head) else { return }
                connection.send(ok(String(decoding: content, as: UTF8.self)))
            }
        }
        let edge = try TestEdge(
            routes: [HostileClientTests.route()],
            legacy: origin.port,
            modern: origin.port
        )
        let client = try TestClient(port: edge.port)
        var reader = AnswerReader(client)
        let fields = "Host: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"
        client.send("POST /a HTTP/1.1\r\n\(fields)")
        let interim = client.read(until: "\r\n\r\n")
        #expect(interim.hasPrefix("HTTP/1.1 100 "))
        client.send("12345")
        #expect(reader.next().text == "12345")
        client.send("POST /refused HTTP/1.1\r\n\(fields)")
        let answer = reader.next()
        #expect(answer.status == 417)
        #expect(answer.head.lowercased().contains("connection: close"))
        #expect(reader.next().status == 0, "content that may or may not come ends the connection")
    }

    @Test func `Upgrade is removed and counted, and HTTP 1.0 is kept only when asked`() throws {
        let origin = try TestOrigin { _ in ok("ok") }
        let edge = try TestEdge(
            routes: [HostileClientTests.route()],
            legacy: origin.port,
            modern: origin.port
        )
        let client = try TestClient(port: edge.port)
        var reader = AnswerReader(client)
        client.send(
            "GET /a HTTP/1.1\r\nHost: x\r\nConnection: upgrade, x-hop\r\nUpgrade: websocket\r\n"
                + "X-Hop: 1\r\nTE: trailers\r\n\r\n"
        )
        #expect(reader.next().status == 200)
        let request = origin.requests.last?.lowercased() ?? ""
        #expect(!request.contains("upgrade") && !request.contains("x-hop"))
        #expect(edge.plane.total(.upgradesRemoved) == 1)
        client.send("GET /a HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\n\r\n")
        let kept = reader.next()
        #expect(kept.head.lowercased().contains("connection: keep-alive"))
        client.send("GET /a HTTP/1.0\r\nHost: x\r\n\r\n")
        #expect(reader.next().text == "ok")
        #expect(reader.next().status == 0 && reader.hasEnded)
        #expect(!reader.wasReset)
    }
}
