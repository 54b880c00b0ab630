// SPDX-License-Identifier: Apache-2.0

import Bytes
import Documents
import Migration
import Synchronization
import TLS

/// Contexts of a set of files.
struct BuiltTransports: Sendable {
    /// By the listeners of the configuration.
    var listeners: [ListenerTransport] = []
    /// By upstream name.
    var upstreams: [String: EndpointTransport] = [:]
    /// What was read, to tell whether it has changed.
    var origin = TransportOrigin()
    /// As workers look them up.
    private(set) var set = TransportSet.plain

    /// Numbers endpoints as a snapshot does.
    mutating func number(for snapshot: Snapshot) {
        let view = snapshot.view
        var endpoints: [EndpointTransport] = []
        for index in 0..<view.upstreamCount {
            let upstream = view.upstream(index)
            let name = view.window(upstream.name).text
            guard let transport = self.upstreams[name] else { continue }
            for turn in 0..<upstream.endpointCount {
                let number = Int(view.endpoint(upstream.firstEndpoint + turn).number)
                while endpoints.count <= number { endpoints.append(EndpointTransport()) }
                endpoints[number] = transport
            }
        }
        self.set = TransportSet(listeners: self.listeners, endpoints: endpoints)
    }

    /// When each certificate ends; the names are those of the files.
    var expiries: [CertificateExpiry] {
        var expiries: [CertificateExpiry] = []
        for (model, built) in zip(self.origin.listeners, self.listeners) {
            for facts in built.tls?.certificates ?? [] {
                expiries.append(CertificateExpiry(side: .listener, place: model.name, facts))
            }
        }
        for (name, built) in self.upstreams.sorted(by: { $0.key < $1.key }) {
            guard let facts = built.tls?.certificate else { continue }
            expiries.append(CertificateExpiry(side: .upstream, place: name, facts))
        }
        return expiries
    }
}

/// What contexts were made of: the models, without their places in files, and the files' stamps.
struct TransportOrigin: Hashable {
    var listeners: [ListenerModel] = []
    var upstreams: [UpstreamModel] = []
    var stamps: [String: TLSFileStamp?] = [:]

    init() {}

    init(_ listeners: [ListenerModel], _ upstreams: [UpstreamModel]) {
        let nowhere = ModelSource(file: "", position: SourcePosition(line: 1, column: 1))
        var files: [String?] = []
        self.listeners = listeners.map { model in
            var model = model
            model.source = nowhere
            for index in (model.tls?.certificates ?? []).indices {
                model.tls?.certificates[index].source = nowhere
            }
            model.tls?.clients?.source = nowhere
            for certificate in model.tls?.certificates ?? [] {
                files += [certificate.chain, certificate.key, certificate.ocsp]
            }
            files += [model.tls?.clients?.ca, model.tls?.clients?.crl]
            return model
        }
        self.upstreams = upstreams.map { upstream in
            var model = UpstreamModel(
                name: upstream.name,
                endpoints: upstream.places,
                source: nowhere
            )
            model.speaks = upstream.speaks
            model.tls = upstream.tls
            model.tls?.source = nowhere
            model.tls?.certificate?.source = nowhere
            if let tls = model.tls {
                files += [tls.ca ?? (try? systemIssuers()), tls.crl]
                files += [tls.certificate?.chain, tls.certificate?.key]
            }
            return model
        }
        for file in files.compactMap({ $0 }) { self.stamps[file] = .some(TLSFileStamp(file)) }
    }
}

/// Opens certificates, keys and lists, and makes contexts of them; all or nothing.
///
/// Ticket keys belong to it, by listener: they live through reloads.
final class TransportBuilder: Sendable {
    private let tickets = Mutex<[String: TLSTicketKeys]>([:])

    /// Contexts for the models; those of an earlier build where nothing has changed since.
    ///
    /// Everything that is wrong becomes a problem; with an error among them nothing may be used.
    func build(
        listeners: [ListenerModel],
        upstreams: [UpstreamModel],
        earlier: BuiltTransports?,
        unixSeconds: Int64
    ) -> (transports: BuiltTransports, problems: [Problem]) {
        // Before anything is read: a file that is replaced meanwhile is read again next time.
        let origin = TransportOrigin(listeners, upstreams)
        var built = BuiltTransports()
        var problems: [Problem] = []
        if let earlier, earlier.origin == origin {
            built = earlier
        } else {
            built.origin = origin
            built.listeners = listeners.map { self.listener($0, &problems) }
            let trust = TLSTrustCache()
            for model in upstreams {
                built.upstreams[model.name] = endpoint(model, trust, &problems)
            }
        }
        for (model, transport) in zip(listeners, built.listeners) {
            guard let tls = model.tls, let context = transport.tls else { continue }
            for (facts, written) in zip(context.certificates, tls.certificates) {
                problems += ageProblems(facts, written.source, unixSeconds)
            }
        }
        for model in upstreams {
            guard let tls = model.tls, let facts = built.upstreams[model.name]?.tls?.certificate
            else { continue }
            problems += ageProblems(facts, tls.certificate?.source ?? tls.source, unixSeconds)
        }
        return (built, problems)
    }

    private func listener(_ model: ListenerModel, _ problems: inout [Problem]) -> ListenerTransport
    {
        var listener = ListenerTransport()
        listener.allowsHTTP2 = model.allowsHTTP2
        listener.redirectPort = UInt16(model.redirectPort ?? 0)
        listener.hsts = Array((model.strictTransport?.fieldValue ?? "").utf8)
        guard let tls = model.tls else { return listener }
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
            listener.tls = try TLSServerContext(plan, tickets: keys)
        } catch {
            problems.append(certificateProblem(error, place(of: error, in: tls, model.source)))
        }
        return listener
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

private func endpoint(
    _ model: UpstreamModel,
    _ trust: TLSTrustCache,
    _ problems: inout [Problem]
) -> EndpointTransport {
    var endpoint = EndpointTransport()
    endpoint.speaksHTTP2 = model.speaks == .http2
    guard let tls = model.tls else { return endpoint }
    var plan = TLSClientPlan(serverName: tls.serverName)
    plan.ca = tls.ca
    plan.crl = tls.crl
    plan.certificate = tls.certificate.map {
        TLSCertificatePlan(name: $0.name, chain: $0.chain, key: $0.key)
    }
    plan.least = tls.needsTLS13 ? .tls13 : .tls12
    plan.speaks = model.speaks == .http2 ? .http2 : .http1
    do throws(TLSError) {
        endpoint.tls = try TLSClientContext(plan, sharing: trust)
    } catch {
        problems.append(certificateProblem(error, tls.source))
    }
    return endpoint
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
