// SPDX-License-Identifier: Apache-2.0

/// A body without its content codings, the last one applied taken off first.
///
/// An empty body stays empty under every coding: answers to HEAD and lazy servers send that.
///
/// - Throws: ``DecodeError``: unknown, truncated, corrupt, followed by other bytes, or over a bound
///   of `budget`.
public func decodedContent(
    _ bytes: [UInt8],
    contentEncoding: String,
    budget: DecodeBudget = DecodeBudget()
) throws(DecodeError) -> [UInt8] {
    let codings = try ContentCoding.list(contentEncoding)
    guard !codings.isEmpty, !bytes.isEmpty else { return bytes }
    var budget = budget
    budget.begin(inputBytes: bytes.count)
    var body = bytes
    for coding in codings.reversed() {
        switch coding {
        case .gzip: body = try gunzipped(body, budget: &budget)
        case .deflate: body = try inflated(body, budget: &budget)
        case .br: body = try unbrotlied(body, budget: &budget)
        case .zstd: body = try unzstandarded(body, budget: &budget)
        }
    }
    return body
}
