// SPDX-License-Identifier: Apache-2.0

/// Why a name has no address now, or why nothing can be asked.
///
/// Never holds the name itself: whoever asked knows it.
public enum NameError: Error, Sendable, Equatable, BitwiseCopyable {
    /// The name does not exist (RFC 8020).
    case notFound
    /// The name exists and has no address of the families that were asked for (RFC 2308 2.2).
    case noAddress
    /// The server could not answer (SERVFAIL).
    case serverFailed
    /// The server refused, or does not know such questions.
    case refused
    /// No server answered in time.
    case timedOut
    /// Every server refused the connection or the question, or failed.
    ///
    /// c-ares asks the next server after SERVFAIL, REFUSED and NOTIMP, and tells no more than this
    /// when none is left.
    case unreachable
    /// The answer was no DNS message, or pointed at itself.
    case malformed
    /// The text is no name.
    case badName
    /// The list of servers is none: `address` or `address:port`, separated by commas.
    case badServers
    /// More names are being asked for than `Limits.namesMax`.
    case tooMany
    /// The resolver ended first.
    case ended
    /// No memory, or no configuration that can be read.
    case unavailable

    /// In words, for people.
    public var text: String {
        switch self {
        case .notFound: "no such name"
        case .noAddress: "the name has no address"
        case .serverFailed: "the name server failed"
        case .refused: "the name server refused"
        case .timedOut: "no name server answered in time"
        case .unreachable: "every name server fails, refuses or cannot be reached"
        case .malformed: "the name server's answer is malformed"
        case .badName: "not a name"
        case .badServers: "not a list of name servers"
        case .tooMany: "too many names"
        case .ended: "the resolver has ended"
        case .unavailable: "names cannot be resolved here"
        }
    }
}
