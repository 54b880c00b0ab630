// SPDX-License-Identifier: Apache-2.0
import Bytes
import Wire

/// Reads pipelined requests as a server does, from bytes that come in pieces of one size.
struct RequestStream {
    let bytes: [UInt8]
    let piece: Int
    private var start = 0
    private var available = 0

    init(_ bytes: [UInt8], piece: Int) {
        self.bytes = bytes
        self.piece = piece
    }

    /// One word per message: `OK`, `INCOMPLETE` or `STATUS ERROR`, joined by commas.
    mutating func verdicts() -> String {
        var words: [String] = []
        while self.start < self.bytes.count {
            do throws(WireError) {
                guard try self.message() else {
                    words.append("INCOMPLETE")
                    break
                }
                words.append("OK")
            } catch {
                words.append("\(error.status) \(error)")
                break
            }
        }
        return words.joined(separator: ",")
    }

    private mutating func more() -> Bool {
        guard self.available < self.bytes.count else { return false }
        self.available = min(self.bytes.count, self.available + self.piece)
        return true
    }

    /// Takes one message; `false` when the bytes end inside it.
    private mutating func message() throws(WireError) -> Bool {
        var empty = try self.onWindow(leadingEmptyLines)
        while self.start + empty == self.available || self.bytes[self.start + empty] == 13 {
            guard self.more() else { return false }
            empty = try self.onWindow(leadingEmptyLines)
        }
        self.start += empty
        var scanned = 0
        var length: Int?
        while true {
            length = try self.onWindow { window throws(WireError) in
                try requestHeadEnd(window, scannedFrom: scanned)
            }
            scanned = self.available - self.start
            if length != nil || !self.more() { break }
        }
        guard let length else { return false }
        let head = try withBytes(Array(self.bytes[self.start..<self.start + length])) {
            head throws(WireError) in
            var fields = FieldTable()
            return try parseRequestHead(head, into: &fields)
        }
        self.start += length
        return try self.content(head.framing)
    }

    private mutating func content(_ framing: BodyFraming) throws(WireError) -> Bool {
        switch framing {
        case .none: return true
        case .untilClose: return false
        case .length(let length):
            while UInt64(self.available - self.start) < length { if !self.more() { return false } }
            self.start += Int(length)
            return true
        case .chunked:
            var decoder = ChunkedDecoder()
            while true {
                let step = try self.onWindow { window throws(WireError) in
                    try decoder.step(window)
                }
                self.start += step.consumed
                if step.isFinished { return true }
                if step.consumed == 0 && !self.more() { return false }
            }
        }
    }

    private func onWindow<Result>(
        _ body: (ByteWindow) throws(WireError) -> Result
    ) throws(WireError) -> Result {
        let end = max(self.start, self.available)
        return try withBytes(Array(self.bytes[self.start..<end]), body)
    }
}

/// `withWindow` for bodies with typed errors.
func withBytes<Result>(
    _ bytes: [UInt8],
    _ body: (ByteWindow) throws(WireError) -> Result
) throws(WireError) -> Result {
    var result: Swift.Result<Result, WireError>?
    withWindow(bytes) { window in
        do throws(WireError) {
            result = .success(try body(window))
        } catch {
            result = .failure(error)
        }
    }
    guard let result else { preconditionFailure("the body was not called") }
    return try result.get()
}

/// Runs a serialiser into memory of `capacity` bytes and returns what it wrote.
func written(capacity: Int = 65_536, _ body: (inout ByteWriter) -> Void) -> [UInt8] {
    let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: max(capacity, 1))
    defer { memory.deallocate() }
    var writer = ByteWriter(base: memory, position: 0, capacity: capacity)
    body(&writer)
    precondition(!writer.overflowed, "the head did not fit")
    return Array(UnsafeBufferPointer(start: memory, count: writer.position))
}
