// SPDX-License-Identifier: Apache-2.0

import Foundation

/// An answer as a strict client takes it.
struct WireAnswer: Equatable {
    var status = 0
    var head = ""
    var content: [UInt8] = []
    /// Interim answers before it, by status.
    var interim: [Int] = []
    /// Its end was seen: by length, by the last chunk, or by an orderly end of the connection.
    var isComplete = false

    var text: String { String(decoding: self.content, as: UTF8.self) }
}

/// Reads answers off a client's connection by their framing (RFC 9112 6.3).
struct AnswerReader {
    let client: TestClient
    private var buffered: [UInt8] = []
    /// The connection has ended: by a reset, or orderly.
    private(set) var wasReset = false
    private(set) var hasEnded = false

    init(_ client: TestClient) { self.client = client }

    private mutating func more() -> Bool {
        guard !self.hasEnded, !self.wasReset else { return false }
        guard let part = self.client.read() else {
            self.wasReset = true
            return false
        }
        if part.isEmpty { self.hasEnded = true }
        self.buffered += part
        return !part.isEmpty
    }

    private mutating func take(_ count: Int) -> [UInt8] {
        let part = Array(self.buffered.prefix(count))
        self.buffered.removeFirst(part.count)
        return part
    }

    private mutating func take(until mark: String) -> [UInt8]? {
        let bytes = Array(mark.utf8)
        while true {
            if let at = RawConnection.find(bytes, in: self.buffered) {
                return self.take(at + bytes.count)
            }
            guard self.more() else { return nil }
        }
    }

    /// The next answer; not complete when the connection ended in or before it.
    mutating func next(isHead: Bool = false) -> WireAnswer {
        var answer = WireAnswer()
        while true {
            guard let head = self.take(until: "\r\n\r\n") else { return answer }
            answer.head = String(decoding: head, as: UTF8.self)
            answer.status = Int(answer.head.dropFirst(9).prefix(3)) ?? -1
            if answer.status >= 200 { break }
            answer.interim.append(answer.status)
        }
        let folded = answer.head.lowercased()
        if isHead || answer.status == 204 || answer.status == 304 {
            answer.isComplete = true
        } else if folded.contains("transfer-encoding: chunked") {
            self.takeChunks(&answer)
        } else if let field = folded.range(of: "content-length: ") {
            let count = Int(folded[field.upperBound...].prefix { $0.isNumber }) ?? 0
            while self.buffered.count < count, self.more() {}
            answer.content = self.take(count)
            answer.isComplete = answer.content.count == count
        } else {
            while self.more() {}
            answer.content = self.take(self.buffered.count)
            answer.isComplete = self.hasEnded
        }
        return answer
    }

    private mutating func takeChunks(_ answer: inout WireAnswer) {
        while let line = self.take(until: "\r\n") {
            let digits = String(decoding: line.dropLast(2), as: UTF8.self)
            guard let count = Int(digits, radix: 16) else { return }
            while self.buffered.count < count + 2 { guard self.more() else { break } }
            guard self.buffered.count >= count + 2 else {
                answer.content += self.take(min(count, self.buffered.count))
                return
            }
            answer.content += self.take(count)
            _ = self.take(2)
            if count == 0 {
                answer.isComplete = true
                return
            }
        }
    }
}
