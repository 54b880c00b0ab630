// SPDX-License-Identifier: Apache-2.0

import Bytes
import Documents
import Foundation
public import Migration
import Synchronization
public import TLS

/// When a certificate ends: for metrics, without its subject.
public struct CertificateExpiry: Sendable, Hashable {
    /// `listener` or `upstream`.
    public var side: String
    /// The listener's or upstream's name.
    public var place: String
    /// The certificate's name in the files.
    public var certificate: String
    /// Last second of its validity, in Unix time.
    public var notAfter: Int64
    /// Last second for which its stapled answer holds, in Unix time; `nil`: there is none.
    public var stapleNextUpdate: Int64?
}

/// Contexts of a set of files, and what is to be said of their certificates.
struct BuiltTransports: Sendable {
    var set = TransportSet.plain
    /// By the listeners of the configuration.
    var listeners: [ListenerTransport] = []
    /// By upstream name.
    var upstreams: [String: EndpointTransport] = [:]
    var expiries: [CertificateExpiry] = []
}

/// Opens certificates, keys and lists, and makes contexts of them; all or nothing.
///
/// Ticket keys belong to it, by listener: they live through reloads.
final class TransportBuilder: Sendable {
    private let tickets = Mutex<[String: TLSTicketKeys]>([:])

    /// Everything that is wrong becomes a problem; with an error among them the rest is not whole.
    func build(
        listeners: [ListenerModel],
        upstreams: [UpstreamModel],
        unixSeconds: Int64
    ) -> (transports: BuiltTransports, problems: [Problem]) {
        var built = BuiltTransports()
        var problems: [Problem] = []
        for model in listeners {
            var listener = ListenerTransport()
            listener.allowsHTTP2 = model.allowsHTTP2
            listener.redirectPort = UInt16(model.redirectPort ?? 0)
            listener.hsts = Array((model.strictTransport?.fieldValue ?? "").utf8)
            if let tls = model.tls {
                let made = self.server(model, tls)
                switch made {
                case .success(let context):
                    listener.tls = context
                    let expiries = context.certificates.map { facts in
                        CertificateExpiry(
                            side: "listener",
                            place: model.name,
                            certificate: facts.name,
                            notAfter: facts.notAfter,
                            stapleNextUpdate: facts.stapleNextUpdate
                        )
                    }
                    built.expiries += expiries
                    for (facts, written) in zip(context.certificates, tls.certificates) {
                        problems += ageProblems(facts, written.source, unixSeconds)
                    }
                case .failure(let error):
                    problems.append(problem(error, place(of: error, in: tls, model.source)))
                }
            }
            built.listeners.append(listener)
        }
        let trust = TLSTrustCache()
        for model in upstreams {
            var endpoint = EndpointTransport()
            endpoint.speaksHTTP2 = model.speaks == .http2
            if let tls = model.tls {
                do throws(TLSError) {
                    let context = try TLSClientContext(clientPlan(model, tls), sharing: trust)
                    endpoint.tls = context
                    if let facts = context.certificate {
                        built.expiries.append(
                            CertificateExpiry(
                                side: "upstream",
                                place: model.name,
                                certificate: facts.name,
                                notAfter: facts.notAfter
                            )
                        )
                        problems += ageProblems(
                            facts,
                            tls.certificate?.source ?? tls.source,
                            unixSeconds
                        )
                    }
                } catch {
                    problems.append(problem(error, tls.source))
                }
            }
            built.upstreams[model.name] = endpoint
        }
        return (built, problems)
    }

    private func server(
        _ model: ListenerModel,
        _ tls: ListenerTLSModel
    ) -> Result<TLSServerContext, TLSError> {
        var plan = TLSServerPlan(
            name: model.name,
            certificates: tls.certificates.map {
                TLSCertificatePlan(name: $0.name, chain: $0.chain, key: $0.key, ocsp: $0.ocsp)
            }
        )
        plan.least = tls.needsTLS13 ? .tls13 : .tls12
        plan.protocols = model.allowsHTTP2 ? [.http2, .http1] : [.http1]
        plan.clients = tls.clients.map {
            TLSClientsPlan(ca: $0.ca, crl: $0.crl, isRequired: $0.isRequired)
        }
        do throws(TLSError) {
            let keys = try self.ticketKeys(model.name, tls.ticketRotationSeconds)
            return .success(try TLSServerContext(plan, tickets: keys))
        } catch {
            return .failure(error)
        }
    }

    /// The listener's keys; new ones when their period has changed.
    private func ticketKeys(
        _ listener: String,
        _ rotationSeconds: Int
    ) throws(TLSError) -> TLSTicketKeys {
        let result = self.tickets.withLock { tickets -> Result<TLSTicketKeys, TLSError> in
            if let kept = tickets[listener], kept.rotationSeconds == rotationSeconds {
                return .success(kept)
            }
            do throws(TLSError) {
                let made = try TLSTicketKeys(rotationSeconds: rotationSeconds)
                tickets[listener] = made
                return .success(made)
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }
}

private func clientPlan(_ model: UpstreamModel, _ tls: UpstreamTLSModel) -> TLSClientPlan {
    var plan = TLSClientPlan(serverName: tls.serverName)
    plan.ca = tls.ca
    plan.crl = tls.crl
    plan.certificate = tls.certificate.map {
        TLSCertificatePlan(name: $0.name, chain: $0.chain, key: $0.key)
    }
    plan.least = tls.needsTLS13 ? .tls13 : .tls12
    plan.speaks = model.speaks == .http2 ? .http2 : .http1
    return plan
}

// MARK: What is said of certificates

/// Opens all certificates of a set, as an edge would, and says what is wrong with them.
func certificateProblems(
    listeners: [ListenerModel],
    upstreams: [UpstreamModel],
    unixSeconds: Int64
) -> [Problem] {
    TransportBuilder().build(
        listeners: listeners,
        upstreams: upstreams,
        unixSeconds: unixSeconds
    ).problems
}

private func problem(_ error: TLSError, _ source: ModelSource) -> Problem {
    Problem(code: "R096", error.text, file: source.file, at: source.position)
}

/// Where the file that is at fault is named.
private func place(
    of error: TLSError,
    in tls: ListenerTLSModel,
    _ fallback: ModelSource
) -> ModelSource {
    guard let file = error.file else { return fallback }
    let certificate = tls.certificates.first { [$0.chain, $0.key, $0.ocsp].contains(file) }
    if let certificate { return certificate.source }
    if let clients = tls.clients, [clients.ca, clients.crl].contains(file) {
        return clients.source
    }
    return fallback
}

/// Expired, not yet valid or soon at its end: said, never refused, for an edge that does not start
/// serves nobody.
private func ageProblems(
    _ facts: TLSCertificateFacts,
    _ source: ModelSource,
    _ now: Int64
) -> [Problem] {
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
    let lastDay = dayText(facts.notAfter)
    if left < 0 {
        problems.append(warning("expired on \(lastDay)", "clients refuse it: renew it"))
    } else if facts.notBefore > now {
        let day = dayText(facts.notBefore)
        problems.append(warning("not valid before \(day)", "clients refuse it until then"))
    } else if left < Int64(Limits.tlsExpiryWarningSeconds) {
        problems.append(
            warning("expires on \(lastDay), in \(left / 86_400) days", "renew it")
        )
    }
    if let next = facts.stapleNextUpdate, next < now {
        problems.append(
            warning("its OCSP answer ended on \(dayText(next))", "it is no longer stapled")
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
