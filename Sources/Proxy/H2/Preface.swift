// SPDX-License-Identifier: Apache-2.0

import Bytes

/// How the first bytes of a connection compare with the preface of HTTP/2.
enum PrefaceStep: BitwiseCopyable {
    /// Something else: HTTP/1.1.
    case other
    /// A part of it.
    case unfinished
    /// All of it.
    case whole
}

/// The preface (RFC 9113 3.4).
private let preface: StaticString = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

extension Reactor {
    /// Whether a connection in clear text begins with the preface of HTTP/2, by prior knowledge.
    ///
    /// Under TLS only ALPN decides (RFC 9113 3.2).
    func readPreface(_ d: UInt32) -> PrefaceStep {
        let input = self.downstreams[d].input
        // `P` alone begins POST, PUT and PATCH too: those are told apart by the second byte.
        guard self.downstreams[d].transport == .plain, input.count > 0,
            self.blocks.window(input.block, Int(input.start), Int(input.end))[0] == 0x50,
            self.face(of: self.downstreams[d].listener).allowsHTTP2
        else { return .other }
        let bytes = self.blocks.window(input.block, Int(input.start), Int(input.end))
        let count = min(bytes.count, preface.utf8CodeUnitCount)
        guard bytes.slice(0, count).isPrefix(of: preface) else { return .other }
        return count == preface.utf8CodeUnitCount ? .whole : .unfinished
    }
}
