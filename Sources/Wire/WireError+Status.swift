// SPDX-License-Identifier: Apache-2.0

extension WireError {
    /// The status that answers a request with this fault.
    ///
    /// A response with a fault is a 502, whichever it is.
    /// The connection cannot live on after any of them: where the next message starts is unknown.
    public var status: UInt16 {
        switch self {
        case .requestLineTooLong: 414  // RFC 9112 3
        case .headTooLong, .tooManyFields: 431  // RFC 6585 5
        case .badExpectation: 417  // RFC 9110 10.1.1
        case .badVersion: 505  // RFC 9110 15.6.6
        case .methodRefused: 501  // RFC 9110 9.1: a method that no resource here knows
        case .badRequestLine, .badMethod, .badTarget, .badLineEnding, .badFieldName,
            .badFieldValue, .foldedLine, .badHost, .badContentLength, .badTransferEncoding,
            .conflictingFraming, .badStatusLine, .badChunk, .badTrailer, .badConnection:
            400
        }
    }
}
