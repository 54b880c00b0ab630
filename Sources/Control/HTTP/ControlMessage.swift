// SPDX-License-Identifier: Apache-2.0

/// Who is at the other end of a control connection.
public enum ControlPeer: Hashable, Sendable {
    /// A process on this machine, as the kernel names it (SO_PEERCRED).
    case local(user: UInt32, process: Int32)
    /// A TCP peer's address, `127.0.0.1:4711`.
    case address(String)
}

/// One header field as it came.
public struct ControlField: Hashable, Sendable {
    /// Name, in the case it was written.
    public var name: String
    /// Value, white space around it left out.
    public var value: String

    /// A field from its parts.
    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// A request to the control plane, read whole.
public struct ControlRequest: Sendable {
    /// Method, as written.
    public var method: String
    /// The path as it came, without the query.
    public var path: String
    /// The path's segments, percent-decoded, empty ones left out.
    public var segments: [String]
    /// Query parameters, percent-decoded; the first of a name counts, a bare name has value "".
    public var query: [String: String]
    /// The query as it came, without its `?`; empty when there was none.
    public var rawQuery: String
    /// Fields in order.
    public var headers: [ControlField]
    /// The content.
    public var body: [UInt8]
    /// Who asks.
    public var peer: ControlPeer

    /// A request from its target; everything else as given.
    public init(
        method: String,
        target: String,
        headers: [ControlField] = [],
        body: [UInt8] = [],
        peer: ControlPeer = .address("")
    ) {
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        self.method = method
        self.path = String(parts.first ?? "")
        self.rawQuery = parts.count > 1 ? String(parts[1]) : ""
        self.segments = self.path.split(separator: "/").map { percentDecoded($0) }
        self.query = [:]
        for pair in self.rawQuery.split(separator: "&") {
            let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = percentDecoded(halves[0], plusIsSpace: true)
            let value = halves.count > 1 ? percentDecoded(halves[1], plusIsSpace: true) : ""
            if self.query[name] == nil { self.query[name] = value }
        }
        self.headers = headers
        self.body = body
        self.peer = peer
    }

    /// The first value of a field, its name compared without case.
    public func header(_ name: String) -> String? {
        let wanted = name.lowercased()
        return self.headers.first { $0.name.lowercased() == wanted }?.value
    }
}

/// What follows an answer's head.
public enum ControlBody: Sendable {
    /// These bytes, with Content-Length.
    case bytes([UInt8])
    /// Nothing is written by the server: the closure gets the descriptor, writes whatever it likes
    /// (a stream, a fault), and the connection is closed behind it. It must not close it itself.
    case raw(@Sendable (_ fd: Int32) -> Void)
}

/// An answer of the control plane.
public struct ControlResponse: Sendable {
    /// Status code.
    public var status: Int
    /// `Content-Type`; `nil`: none is sent.
    public var contentType: String?
    /// Further fields.
    public var headers: [ControlField]
    /// Content.
    public var body: ControlBody
    /// Ends the connection behind this answer.
    public var closes = false
    /// Sends the content chunked, in chunks of this many bytes; `nil`: with Content-Length.
    public var chunkBytes: Int?

    /// An answer with bytes.
    public init(
        status: Int = 200,
        contentType: String? = nil,
        headers: [ControlField] = [],
        body: [UInt8] = []
    ) {
        self.status = status
        self.contentType = contentType
        self.headers = headers
        self.body = .bytes(body)
    }

    /// An answer that is plain text.
    public static func text(_ text: String, status: Int = 200) -> ControlResponse {
        ControlResponse(
            status: status,
            contentType: "text/plain; charset=utf-8",
            body: Array(text.utf8)
        )
    }

    /// An answer that is a JSON text.
    public static func json(_ text: String, status: Int = 200) -> ControlResponse {
        ControlResponse(status: status, contentType: "application/json", body: Array(text.utf8))
    }

    /// The connection itself, for streams and faults.
    public static func raw(_ writer: @escaping @Sendable (_ fd: Int32) -> Void) -> ControlResponse {
        var response = ControlResponse()
        response.body = .raw(writer)
        return response
    }

    /// The content when it is plain bytes; empty for a raw writer.
    public var bytes: [UInt8] {
        if case .bytes(let bytes) = self.body { return bytes }
        return []
    }

    /// The content as text, repaired where it is not UTF-8.
    public var text: String { String(decoding: self.bytes, as: UTF8.self) }

    /// The first value of a field, its name compared without case.
    public func header(_ name: String) -> String? {
        let wanted = name.lowercased()
        return self.headers.first { $0.name.lowercased() == wanted }?.value
    }

    /// The bytes of head and content; `omitsBody` is for answers to HEAD.
    func serialised(omitsBody: Bool, closes: Bool) -> [UInt8] {
        let content = self.bytes
        var head = "HTTP/1.1 \(self.status) \(reasonPhrase(self.status))\r\n"
        if let type = self.contentType { head += "Content-Type: \(type)\r\n" }
        for field in self.headers { head += "\(field.name): \(field.value)\r\n" }
        let hasContent = self.status >= 200 && self.status != 204 && self.status != 304
        if hasContent {
            head +=
                self.chunkBytes == nil
                ? "Content-Length: \(content.count)\r\n" : "Transfer-Encoding: chunked\r\n"
        }
        if closes { head += "Connection: close\r\n" }
        head += "\r\n"
        var bytes = Array(head.utf8)
        guard !omitsBody else { return bytes }
        if let chunkBytes = self.chunkBytes, hasContent {
            bytes += chunked(content, chunkBytes)
        } else {
            bytes += content
        }
        return bytes
    }
}

/// Content in the chunked coding (RFC 9112 7.1), without trailers.
private func chunked(_ content: [UInt8], _ chunkBytes: Int) -> [UInt8] {
    precondition(chunkBytes > 0, "\(chunkBytes)")
    var bytes: [UInt8] = []
    for start in stride(from: 0, to: content.count, by: chunkBytes) {
        let part = content[start..<min(start + chunkBytes, content.count)]
        bytes += Array("\(String(part.count, radix: 16))\r\n".utf8) + part + [0x0d, 0x0a]
    }
    return bytes + Array("0\r\n\r\n".utf8)
}

/// The words behind a status code; clients ignore them, people read them.
func reasonPhrase(_ status: Int) -> String {
    switch status {
    case 100: "Continue"
    case 200: "OK"
    case 201: "Created"
    case 202: "Accepted"
    case 204: "No Content"
    case 301: "Moved Permanently"
    case 304: "Not Modified"
    case 307: "Temporary Redirect"
    case 308: "Permanent Redirect"
    case 400: "Bad Request"
    case 401: "Unauthorized"
    case 403: "Forbidden"
    case 404: "Not Found"
    case 405: "Method Not Allowed"
    case 408: "Request Timeout"
    case 409: "Conflict"
    case 410: "Gone"
    case 412: "Precondition Failed"
    case 413: "Content Too Large"
    case 415: "Unsupported Media Type"
    case 422: "Unprocessable Content"
    case 428: "Precondition Required"
    case 429: "Too Many Requests"
    case 431: "Request Header Fields Too Large"
    case 500: "Internal Server Error"
    case 501: "Not Implemented"
    case 502: "Bad Gateway"
    case 503: "Service Unavailable"
    case 504: "Gateway Timeout"
    case 507: "Insufficient Storage"
    default: "Status"
    }
}

/// Percent-decoding; what is no valid escape stays as it is, bytes that are not UTF-8 are repaired.
public func percentDecoded(_ text: Substring, plusIsSpace: Bool = false) -> String {
    var bytes: [UInt8] = []
    var rest = text.utf8
    while let byte = rest.popFirst() {
        if byte == 0x25, let high = rest.first.flatMap(hexDigit),
            let low = rest.dropFirst().first.flatMap(hexDigit)
        {
            bytes.append(high << 4 | low)
            rest = rest.dropFirst(2)
        } else {
            bytes.append(plusIsSpace && byte == 0x2b ? 0x20 : byte)
        }
    }
    return String(decoding: bytes, as: UTF8.self)
}

/// Percent-encoding of everything but unreserved characters (RFC 3986 2.3).
public func percentEncoded(_ text: String) -> String {
    var result = ""
    for byte in text.utf8 {
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f, 0x7e:
            result.unicodeScalars.append(Unicode.Scalar(byte))
        default:
            result += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }
    }
    return result
}

private func hexDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x46: byte - 0x37
    case 0x61...0x66: byte - 0x57
    default: nil
    }
}
