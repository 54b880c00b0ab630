// SPDX-License-Identifier: Apache-2.0

public import Documents
import Migration
import Store

extension ControlPlane {
    /// Known tenants, where each comes from, and what run-time tenants lost to files.
    public func tenants() throws(AdminProblem) -> DocumentValue {
        let edge = try self.current()
        let rows = edge.files.set.tenants.sorted { $0.id < $1.id }.map { tenant -> DocumentValue in
            let isRunTime = tenant.source.file == "(run time)"
            return [
                "id": .string(tenant.id), "hosts": .list(tenant.hosts),
                "aliases": .list(tenant.aliases),
                "labels": .fields(
                    tenant.labels.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }
                ),
                "source": .string(
                    isRunTime
                        ? "run time" : "\(tenant.source.file):\(tenant.source.position.line)"
                ),
            ]
        }
        return ["tenants": .list(rows), "problems": .list(edge.notes)]
    }

    /// Adds or changes a run-time tenant: compiled first, then recorded, then published.
    public func addTenant(_ order: TenantOrder) throws(AdminProblem) -> DocumentValue {
        try ControlPlane.check(order)
        return try self.oneAtATime { () throws(AdminProblem) in try self.add(order) }
    }

    private func add(_ order: TenantOrder) throws(AdminProblem) -> DocumentValue {
        let edge = try self.current()
        let fileTenants = edge.files.set.tenants.filter { $0.source.file != "(run time)" }
        if let tenant = fileTenants.first(where: { $0.id == order.id }) {
            throw AdminProblem(
                .conflict,
                "\(tenant.source.file):\(tenant.source.position.line) defines the tenant "
                    + "\(order.id), and files hold",
                hint: "change it there"
            )
        }
        let stored = StoredTenant(
            id: order.id,
            labels: order.labels,
            hosts: order.hosts.map { $0.lowercased() },
            aliases: order.aliases
        )
        let others = self.standings.book.tenants.filter { $0.id != order.id }
        try self.checkClash(stored, among: edge.files.set.tenants.filter { $0.id != order.id })
        let built = try self.rebuild(edge, runtime: others + [stored])
        let change = self.standings.putTenant(
            stored,
            order: ActOrder(actor: order.actor, reason: order.reason)
        )
        return self.publish(
            built,
            id: order.id,
            change,
            undo: "banyan tenants remove \(order.id)"
        )
    }

    /// Takes a run-time tenant away; its standings stay.
    public func removeTenant(
        id: String,
        reason: String?,
        actor: String
    ) throws(AdminProblem) -> DocumentValue {
        try self.oneAtATime { () throws(AdminProblem) in
            try self.remove(id, ActOrder(actor: actor, reason: reason))
        }
    }

    private func remove(
        _ id: String,
        _ order: ActOrder
    ) throws(AdminProblem) -> DocumentValue {
        let edge = try self.current()
        let runtime = self.standings.book.tenants
        guard let stored = runtime.first(where: { $0.id == id }) else {
            let isInFiles = edge.resolved.rows[id] != nil
            throw AdminProblem(
                isInFiles ? .conflict : .nothingMatched,
                isInFiles
                    ? "the tenant \(id) stands in Routes/, not in the store"
                    : "no run-time tenant \(id)",
                hint: isInFiles ? "take it out there, then banyan reload" : "banyan tenants list"
            )
        }
        let built = try self.rebuild(edge, runtime: runtime.filter { $0.id != id })
        let change: StandingChange
        do throws(StandingError) {
            change = try self.standings.removeTenant(id, order: order)
        } catch {
            throw ControlPlane.problem(of: error)
        }
        var undo = "banyan tenants add \(id)"
        for host in stored.hosts { undo += " --host \(host)" }
        for alias in stored.aliases { undo += " --alias \(alias)" }
        for (name, value) in stored.labels.sorted(by: { $0.key < $1.key }) {
            undo += " --label \(name)=\(value)"
        }
        return self.publish(built, id: id, change, undo: undo)
    }

    // MARK: Pieces

    /// The files in force with other run-time tenants.
    private func rebuild(
        _ edge: BuiltEdge,
        runtime: [StoredTenant]
    ) throws(AdminProblem) -> BuiltEdge {
        var files = edge.files
        files.set.tenants.removeAll { $0.source.file == "(run time)" }
        do throws(FilesRefused) {
            return try self.build(files, runtime: runtime, keeping: edge.transports)
        } catch {
            throw ControlPlane.problem(of: error)
        }
    }

    private func publish(
        _ edge: BuiltEdge,
        id: String,
        _ change: StandingChange,
        undo: String
    ) -> DocumentValue {
        let isTaken = self.publish(edge)
        var notes = edge.notes
        if !isTaken { notes.append("not every worker has taken the snapshot within 1 s") }
        return [
            "id": .string(id), "snapshot": .integer(edge.snapshot.serial),
            "generation": .integer(change.generation), "actor": .string(change.actor),
            "isRecorded": .bool(change.recorded != .notRecorded), "undo": .string(undo),
            "notes": .list(notes),
        ]
    }

    private static func check(_ order: TenantOrder) throws(AdminProblem) {
        for word in [order.id] + order.aliases where !isTenantWord(word) {
            throw AdminProblem(
                .invalid,
                "\"\(word)\" is no tenant id",
                hint: "lower-case letters, digits, '.', '_' and '-', at most 63, not first a sign"
            )
        }
        for host in order.hosts where !isHostName(host) {
            throw AdminProblem(.invalid, "\"\(host)\" is no host name (and takes no port)")
        }
    }

    private func checkClash(
        _ tenant: StoredTenant,
        among others: [TenantModel]
    ) throws(AdminProblem) {
        for other in others {
            if let host = tenant.hosts.first(where: { other.hosts.contains($0) }) {
                throw AdminProblem(.conflict, "the host \(host) is \(other.id)'s")
            }
            let words = [tenant.id] + tenant.aliases
            if let word = words.first(where: { $0 == other.id || other.aliases.contains($0) }) {
                throw AdminProblem(.conflict, "the word \(word) is \(other.id)'s")
            }
        }
    }
}

/// Whether a text is `[a-z0-9][a-z0-9._-]{0,62}`.
private func isTenantWord(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    func isPlain(_ byte: UInt8) -> Bool {
        (0x61...0x7a).contains(byte) || (0x30...0x39).contains(byte)
    }
    guard let first = bytes.first, isPlain(first), bytes.count <= 63 else { return false }
    return bytes.allSatisfy { isPlain($0) || $0 == 0x2e || $0 == 0x5f || $0 == 0x2d }
}

private func isHostName(_ text: String) -> Bool {
    let labels = text.lowercased().split(separator: ".", omittingEmptySubsequences: false)
    return text.utf8.count <= 253
        && labels.allSatisfy { label in
            !label.isEmpty && label.utf8.count <= 63 && label.first != "-" && label.last != "-"
                && label.utf8.allSatisfy {
                    (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2d
                }
        }
}
