// SPDX-License-Identifier: Apache-2.0

import Bytes
import Documents
import Foundation
import Migration
import TLS

/// When a certificate ends: for metrics, without its subject.
struct CertificateExpiry: Sendable, Hashable {
    /// Whose certificate it is; the words are labels of metrics.
    enum Side: String {
        case listener
        case upstream
    }

    /// Whose certificate it is.
    var side: Side
    /// The listener's or upstream's name.
    var place: String
    /// The certificate's name in the files.
    var certificate: String
    /// Last second of its validity, in Unix time.
    var notAfter: Int64
    /// Last second for which its stapled answer holds, in Unix time; `nil`: there is none.
    var stapleNextUpdate: Int64?

    init(side: Side, place: String, _ facts: TLSCertificateFacts) {
        self.side = side
        self.place = place
        self.certificate = facts.name
        self.notAfter = facts.notAfter
        self.stapleNextUpdate = facts.stapleNextUpdate
    }
}

/// Opens all certificates of a set, as an edge would, and says what is wrong with them.
func certificateProblems(
    listeners: [ListenerModel],
    upstreams: [UpstreamModel],
    unixSeconds: Int64
) -> [Problem] {
    TransportBuilder().build(
        listeners: listeners,
        upstreams: upstreams,
        earlier: nil,
        unixSeconds: unixSeconds
    ).problems
}

/// What keeps a context from being made, as a finding.
func certificateProblem(_ error: TLSError, _ source: ModelSource) -> Problem {
    Problem(code: "R096", error.text, file: source.file, at: source.position)
}

/// Expired, not yet valid or soon at its end: said, never refused, for an edge that does not start
/// serves nobody.
func ageProblems(_ facts: TLSCertificateFacts, _ source: ModelSource, _ now: Int64) -> [Problem] {
    func warning(_ message: String, _ advice: String) -> Problem {
        Problem(
            .warning,
            code: "R111",
            "\(facts.file): \(message)",
            file: source.file,
            at: source.position,
            caret: advice
        )
    }
    var problems: [Problem] = []
    let left = facts.secondsLeft(at: now)
    if left < 0 {
        problems.append(
            warning("expired on \(dayText(facts.notAfter))", "peers refuse it: renew it")
        )
    } else if facts.notBefore > now {
        problems.append(
            warning("not valid before \(dayText(facts.notBefore))", "peers refuse it until then")
        )
    } else if left < Int64(Limits.tlsExpiryWarningSeconds) {
        let days = left / 86_400
        let day = dayText(facts.notAfter)
        problems.append(warning("expires on \(day), in \(days) days", "renew it"))
    }
    if let next = facts.stapleNextUpdate, next < now {
        problems.append(
            warning("its OCSP answer ended on \(dayText(next))", "it is not stapled any more")
        )
    }
    return problems
}

/// `2026-11-21`, UTC.
private func dayText(_ unixSeconds: Int64) -> String {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = TimeZone(secondsFromGMT: 0) ?? .current
    let parts = calendar.dateComponents(
        [.year, .month, .day],
        from: Date(timeIntervalSince1970: TimeInterval(unixSeconds))
    )
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return "\(parts.year ?? 0)-\(two(parts.month ?? 0))-\(two(parts.day ?? 0))"
}
