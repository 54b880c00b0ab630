// SPDX-License-Identifier: Apache-2.0
public import Bytes

/// What Banyan tells an origin about the client's connection.
public struct ForwardingFacts: BitwiseCopyable {
    /// The client's address as text, without port and brackets.
    public var client: ByteWindow
    /// The authority that the client named, port included; empty when it named none.
    public var host: ByteWindow
    /// Whether the client's connection is encrypted: `https`, else `http`.
    public var isSecure: Bool
    /// Whether the peer's own forwarding fields are believed and continued (`trustedPeers`).
    public var isPeerTrusted: Bool
    /// The name that Banyan gives itself in Via: a token.
    public var proxyName: ByteWindow
    /// 0 or 1: the version in which the client asked.
    public var versionMinor: UInt8

    /// The facts of one request.
    public init(
        client: ByteWindow,
        host: ByteWindow,
        isSecure: Bool,
        isPeerTrusted: Bool,
        proxyName: ByteWindow,
        versionMinor: UInt8
    ) {
        self.client = client
        self.host = host
        self.isSecure = isSecure
        self.isPeerTrusted = isPeerTrusted
        self.proxyName = proxyName
        self.versionMinor = versionMinor
    }
}

extension ByteWriter {
    /// Appends Forwarded (RFC 7239), X-Forwarded-For, -Host, -Proto and Via (RFC 9110 7.6.3).
    ///
    /// Write the request's fields with `FieldMask.forwarding` dropped before. From a trusted peer
    /// the lists of Forwarded and X-Forwarded-For are continued, and its X-Forwarded-Host, -Proto,
    /// -Port, -Prefix and X-Real-IP, which speak of the first hop, are kept. From others nothing
    /// is. Via is a list over several lines: the incoming lines stay, Banyan's own comes behind
    /// them.
    public mutating func appendForwarding(
        _ facts: ForwardingFacts,
        head: ByteWindow,
        fields: borrowing FieldTable
    ) {
        self.append("Forwarded: ")
        self.appendKnown(.forwarded, facts, head: head, fields: fields)
        self.appendForwardedElement(facts)
        self.append("X-Forwarded-For: ")
        self.appendKnown(.xForwardedFor, facts, head: head, fields: fields)
        self.append(facts.client)
        self.appendLineBreak()
        if !self.keep(.xForwardedHost, facts, head: head, fields: fields) && !facts.host.isEmpty {
            self.appendField("X-Forwarded-Host", facts.host)
        }
        if !self.keep(.xForwardedProto, facts, head: head, fields: fields) {
            self.appendField("X-Forwarded-Proto", facts.isSecure ? "https" : "http")
        }
        _ = self.keep(.xForwardedPort, facts, head: head, fields: fields)
        _ = self.keep(.xForwardedPrefix, facts, head: head, fields: fields)
        _ = self.keep(.xRealIP, facts, head: head, fields: fields)
        self.appendVia(proxyName: facts.proxyName, versionMinor: facts.versionMinor)
    }

    /// Appends `Via: 1.x name`, for requests and responses.
    public mutating func appendVia(proxyName: ByteWindow, versionMinor: UInt8) {
        self.append(versionMinor == 0 ? "Via: 1.0 " : "Via: 1.1 ")
        self.append(proxyName)
        self.appendLineBreak()
    }

    /// `for=…;host=…;proto=… CRLF`; a colon is no token byte, so such values are quoted.
    private mutating func appendForwardedElement(_ facts: ForwardingFacts) {
        if facts.client.firstIndex(of: ASCII.colon) != nil {
            self.append("for=\"[")
            self.append(facts.client)
            self.append("]\"")
        } else {
            self.append("for=")
            self.append(facts.client)
        }
        if !facts.host.isEmpty {
            let isQuoted = facts.host.firstIndex(of: ASCII.colon) != nil
            self.append(isQuoted ? ";host=\"" : ";host=")
            self.append(facts.host)
            if isQuoted { self.append(ASCII.quote) }
        }
        self.append(facts.isSecure ? ";proto=https\r\n" : ";proto=http\r\n")
    }

    /// Appends the values of a trusted peer's fields of this name, each followed by a comma.
    private mutating func appendKnown(
        _ name: HeaderName,
        _ facts: ForwardingFacts,
        head: ByteWindow,
        fields: borrowing FieldTable
    ) {
        guard facts.isPeerTrusted else { return }
        for index in 0..<fields.count where fields[index].name == name {
            let slot = fields[index]
            if slot.valueLength == 0 { continue }
            self.append(head.slice(Int(slot.valueStart), Int(slot.valueLength)))
            self.append(", ")
        }
    }

    /// Copies the first line of this name from a trusted peer; `false` when there is none.
    private mutating func keep(
        _ name: HeaderName,
        _ facts: ForwardingFacts,
        head: ByteWindow,
        fields: borrowing FieldTable
    ) -> Bool {
        guard facts.isPeerTrusted, let index = fields.firstIndex(of: name) else { return false }
        let slot = fields[index]
        let start = Int(slot.nameStart)
        self.append(head.slice(start, Int(slot.lineEnd) &- start))
        return true
    }
}
