// SPDX-License-Identifier: Apache-2.0

import Bytes
import Documents
import Foundation
import Kernel
import Parity
public import Store
import Synchronization

/// The grants of an edge, and the samples that are written under them.
///
/// Grants live in memory: after a restart somebody has to grant again, which is the safe side. A
/// sample is sealed before it is written; the edge cannot open it.
public final class SampleGrants: Sendable {
    private struct State {
        var grants: [SampleGrant] = []
        var number = 0
        var samples = 0
    }

    /// Tells the audit: kind, who, what.
    public typealias Audit = @Sendable (ActKind, String, String) -> Void

    private let folder: String
    private let now: @Sendable () -> UInt64
    private let state = Mutex(State())
    private let audit = Mutex<Audit?>(nil)

    /// Grants whose samples go to `folder`, made with the first of them.
    public init(folder: String, now: @escaping @Sendable () -> UInt64) {
        self.folder = folder
        self.now = now
    }

    /// Everything is told to `audit` from now on.
    public func attach(audit: @escaping Audit) { self.audit.withLock { $0 = audit } }

    /// Grants; checked against the routes that there are.
    ///
    /// - Throws: why not, for people.
    public func give(
        _ order: GrantOrder,
        routes: [String]
    ) throws(ParityLedgerError) -> SampleGrant {
        if let problem = order.problem(routes: routes) { throw ParityLedgerError(text: problem) }
        let recipient: SealRecipient
        do throws(SealError) {
            recipient = try SealRecipient(pem: order.certificate)
        } catch {
            throw ParityLedgerError(text: error.text)
        }
        let now = Int64(self.now())
        let grant = self.state.withLock { state -> SampleGrant? in
            state.grants.removeAll { $0.left == 0 || $0.expiresUnixMilliseconds <= now }
            guard state.grants.count < Limits.grantsMax else { return nil }
            state.number += 1
            let grant = SampleGrant(
                id: "g\(now / 1_000)-\(state.number)",
                route: order.route,
                owner: order.owner,
                reason: order.reason,
                left: order.quota,
                expiresUnixMilliseconds: now + Int64(order.milliseconds),
                recipient: recipient
            )
            state.grants.append(grant)
            return grant
        }
        guard let grant else {
            throw ParityLedgerError(text: "\(Limits.grantsMax) grants are open already")
        }
        self.tell(
            .sampleGranted,
            order.actor,
            "\(grant.id): route \(grant.route), owner \(grant.owner), \(grant.left) samples, "
                + "certificate \(recipient.fingerprint): \(grant.reason)"
        )
        return grant
    }

    /// Ends a grant; `false`: there is none of this id.
    public func revoke(id: String, actor: String) -> Bool {
        let isFound = self.state.withLock { state in
            let before = state.grants.count
            state.grants.removeAll { $0.id == id }
            return state.grants.count < before
        }
        if isFound { self.tell(.sampleRevoked, actor, id) }
        return isFound
    }

    /// Grants that are open now.
    public var open: [SampleGrant] {
        let now = Int64(self.now())
        return self.state.withLock { state in
            state.grants.filter { $0.left > 0 && $0.expiresUnixMilliseconds > now }
        }
    }

    private func tell(_ kind: ActKind, _ actor: String, _ text: String) {
        self.audit.withLock { $0 }?(kind, actor, text)
    }

    // MARK: Samples

    /// Keeps a mismatch's bodies if there is a grant for its route.
    ///
    /// Seldom: never on a worker.
    func take(_ exchange: CapturedExchange, _ observation: ParityObservation) {
        guard observation.outcome == .mismatch else { return }
        let now = Int64(self.now())
        let taken = self.state.withLock { state -> (SampleGrant, Int)? in
            guard
                let index = state.grants.firstIndex(where: {
                    $0.route == observation.route && $0.left > 0
                        && $0.expiresUnixMilliseconds > now
                })
            else { return nil }
            state.grants[index].left -= 1
            state.samples += 1
            return (state.grants[index], state.samples)
        }
        guard let (grant, number) = taken else { return }
        let path = "\(self.folder)/\(grant.id)-\(number).cms"
        guard let plain = try? sampleDocument(exchange, observation, grant).canonicalJSON(),
            let sealed = try? grant.recipient.seal(plain), self.write(sealed, path)
        else { return self.giveBack(grant.id) }
        self.tell(
            .sampleWritten,
            "banyan",
            "\(grant.id): \(grant.id)-\(number).cms, SHA-256 \(Digest(of: sealed).hex)"
        )
    }

    /// A sample that could not be written does not use up the quota; the grant says how many.
    private func giveBack(_ id: String) {
        self.state.withLock { state in
            guard let index = state.grants.firstIndex(where: { $0.id == id }) else { return }
            state.grants[index].left += 1
            state.grants[index].failed += 1
        }
    }

    private func write(_ bytes: [UInt8], _ path: String) -> Bool {
        try? FileManager.default.createDirectory(
            atPath: self.folder,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        return FileManager.default.createFile(
            atPath: path,
            contents: Data(bytes),
            attributes: [.posixPermissions: 0o600]
        )
    }
}

/// What a reader of the sample needs: both bodies and what was found.
///
/// No request head: it holds credentials.
private func sampleDocument(
    _ exchange: CapturedExchange,
    _ observation: ParityObservation,
    _ grant: SampleGrant
) -> DocumentValue {
    func side(_ answer: CapturedAnswer) -> DocumentValue {
        [
            "status": .integer(Int(answer.status)),
            "contentType": .string(answer.field("content-type") ?? ""),
            "contentEncoding": .string(answer.field("content-encoding") ?? ""),
            "body": .string(Data(answer.body).base64EncodedString()),
        ]
    }
    return [
        "grant": .string(grant.id), "reason": .string(grant.reason),
        "tenant": .string(observation.tenant), "route": .string(observation.route),
        "operation": .string(observation.operation),
        "time": .string(String(observation.unixMilliseconds)),
        "legacy": side(exchange.legacy), "modern": side(exchange.modern),
        "differences": .list(
            observation.differences.map {
                ["pointer": .string($0.pointer), "class": .string($0.difference.word)]
            }
        ),
    ]
}
