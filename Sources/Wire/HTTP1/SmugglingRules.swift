// SPDX-License-Identifier: Apache-2.0
import Bytes

// The rules that keep two recipients from seeing two different messages in the same bytes.
//
// request                                        verdict              why
// Content-Length and Transfer-Encoding           conflictingFraming   RFC 9112 6.1: an attack
// Transfer-Encoding other than `chunked`         badTransferEncoding  6.1, 6.3: length unknown
// Transfer-Encoding twice, or in HTTP/1.0        badTransferEncoding  6.1: faulty framing
// Content-Length twice, equal or not             badContentLength     6.3 allows refusing
// Content-Length with sign, list, leading zero   badContentLength     RFC 9110 8.6: 1*DIGIT
// bare CR, bare LF                               badLineEnding        RFC 9112 2.2
// NUL and other controls in a value              badFieldValue        RFC 9110 5.5
// a folded line                                  foldedLine           RFC 9112 5.2
// white space before the colon, empty name       badFieldName         5.1
// Host missing, twice, or no host                badHost              3.2
// absolute-form that disagrees with Host         badHost              3.2.2: the target wins
// Connection names Host or Content-Length        badConnection        RFC 9110 7.6.1
//
// A response follows the same rules, except that a Content-Length may have leading zeros: an
// upstream that pads its numbers is old, not hostile, and every client reads them as decimal.

/// The number of a Content-Length: 1 to 19 digits and nothing else, at most `Int64.max`.
func parseContentLength(_ value: ByteWindow, kind: MessageKind) throws(WireError) -> UInt64 {
    guard value.count >= 1 && value.count <= 19 else { throw .badContentLength }
    if kind == .request && value.count > 1 && value[0] == 0x30 { throw .badContentLength }
    var number: UInt64 = 0
    for index in 0..<value.count {
        let digit = value[index] &- 0x30
        guard digit < 10 else { throw .badContentLength }
        // 19 digits are below 10^19, which fits.
        number = number &* 10 &+ UInt64(digit)
    }
    guard number <= UInt64(Int64.max) else { throw .badContentLength }
    return number
}

/// Transfer-Encoding must be exactly `chunked`: Banyan asks for no other coding (it sends no TE),
/// so a list or a parameter only serves to make two recipients disagree.
func requireChunked(_ value: ByteWindow) throws(WireError) {
    guard value.equalsIgnoringCase("chunked") else { throw .badTransferEncoding }
}

/// Where a request's content ends (RFC 9112 6.3).
func requestFraming(_ facts: FieldFacts, versionMinor: UInt8) throws(WireError) -> BodyFraming {
    if facts.isChunked {
        if versionMinor == 0 { throw .badTransferEncoding }
        return .chunked
    }
    guard let length = facts.contentLength else { return .none }
    return .length(length)
}

/// Where a response's content ends (RFC 9112 6.3), the request's method considered.
///
/// 1xx, 204, 304 and answers to HEAD have none, whatever their fields say. 1xx and 204 must not
/// announce any (6.1, RFC 9110 8.6): a chunked coding or a length above zero there is refused,
/// since the sender may go on and send it.
func responseFraming(
    _ facts: FieldFacts,
    status: UInt16,
    versionMinor: UInt8,
    requestMethod: MethodToken
) throws(WireError) -> BodyFraming {
    if facts.isChunked && versionMinor == 0 { throw .badTransferEncoding }
    if status < 200 || status == 204 {
        if facts.isChunked { throw .badTransferEncoding }
        if let length = facts.contentLength, length > 0 { throw .conflictingFraming }
        return .none
    }
    if status == 304 || requestMethod == .head { return .none }
    if facts.isChunked { return .chunked }
    guard let length = facts.contentLength else { return .untilClose }
    return .length(length)
}

/// Whether the connection outlives the message as far as its sender is concerned (RFC 9112 9.3).
func keepsAlive(_ facts: FieldFacts, versionMinor: UInt8) -> Bool {
    if facts.hasClose { return false }
    return versionMinor == 1 || facts.hasKeepAlive
}

/// Whether a name with `_` would be one of Banyan's names if `_` were `-`.
///
/// CGI and its heirs turn both into `_`, so `X_Tenant_Id` would reach the origin as the identity
/// field that only Banyan may set, and `Content_Length` as a second length. Such fields are
/// dropped.
func isUnderscoreTwin(_ head: ByteWindow, start: Int, length: Int) -> Bool {
    switch HeaderName.underscoreTwin(head, start: start, length: length) {
    case .host, .connection, .contentLength, .transferEncoding, .trailer, .te, .upgrade,
        .keepAlive, .proxyConnection, .proxyAuthenticate, .proxyAuthorization, .http2Settings,
        .expect, .forwarded, .xForwardedFor, .xForwardedHost, .xForwardedProto, .xForwardedPort,
        .xForwardedPrefix, .xRealIP, .xTenantID, .xUserID, .banyanShadow, .proxy:
        true
    default: false
    }
}
