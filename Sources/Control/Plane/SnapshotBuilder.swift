// SPDX-License-Identifier: Apache-2.0

import Documents
import Foundation
import Kernel
import Migration
import Patterns
import Store

/// What flags say for every tenant, as of one build; later builds keep it where flags fail.
struct ResolvedStages: Sendable {
    /// By migration: one per tenant in ``tenants``' order, then one for `*`.
    var stages: [String: [StageResolution]] = [:]
    /// Row of each tenant id.
    var rows: [String: Int] = [:]

    /// What the stage flag says for a cell; `nil`: nothing known of the migration.
    func resolution(_ cell: CellName) -> StageResolution? {
        guard let column = self.stages[cell.migration], let last = column.last else { return nil }
        guard cell.tenant != "*", let row = self.rows[cell.tenant] else { return last }
        return column[row]
    }
}

/// A set of files, compiled: what is published together.
struct BuiltEdge: Sendable {
    var snapshot: Snapshot
    /// The files, run-time tenants merged in.
    var files: EdgeSet
    var resolved: ResolvedStages
    /// What was set aside, for people: run-time tenants that clash with files.
    var notes: [String]
    /// What somebody should look at that only building could tell: names without an address.
    var warnings: [Problem] = []
    /// Certificates and protocols of listeners and upstreams.
    var transports = BuiltTransports()

    /// What standings need to know of it.
    var guide: StandingGuide {
        var migrations: [String: MigrationGuide] = [:]
        for route in self.files.set.routes {
            var guide = migrations[route.migration] ?? MigrationGuide(stages: [], data: .shared)
            guide.stages = Set(guide.stages + route.stages).sorted()
            // One route that moves records forward makes its migration do so.
            if route.data == .forward { guide.data = .forward }
            migrations[route.migration] = guide
        }
        let resolved = self.resolved
        return StandingGuide(
            migrations: migrations,
            tenants: self.files.set.tenants.map(\.id),
            resolve: { resolved.resolution($0)?.stage }
        )
    }
}

/// Builds snapshots: merges run-time tenants, resolves flags and endpoints, compiles.
///
/// Pure but for the resolver, which is given; the caller serialises builds.
struct SnapshotBuilder {
    /// Listeners of the configuration.
    var listeners: [ListenerModel]
    /// Seed of the snapshots' tables.
    var seed: UInt64
    /// Where the endpoints of these upstreams are; may block.
    var lookUp: @Sendable ([UpstreamModel]) -> EndpointAddresses
    /// Seconds since 1970, for flags that depend on time.
    var unixSeconds: @Sendable () -> Int64

    /// Compiles a set; names get their numbers from `numbers`.
    func build(
        _ files: EdgeSet,
        runtime: [StoredTenant],
        previous: ResolvedStages?,
        serial: UInt64,
        numbers: inout SnapshotNumbers
    ) throws(FilesRefused) -> BuiltEdge {
        var merged = files
        let notes = SnapshotBuilder.merge(runtime, into: &merged.set)
        let resolved = self.resolve(merged, previous)
        var input = SnapshotInput { text in
            let pattern = try Pattern(text)
            return CompiledPattern(address: pattern.address, owner: pattern)
        }
        input.set = merged.set
        input.listeners = self.listeners
        input.stages = resolved.stages
        input.entitlements = self.entitlements(merged)
        let addresses = self.lookUp(merged.set.upstreams)
        input.addresses = addresses.bytes
        for index in input.set.upstreams.indices {
            input.set.upstreams[index].endpoints = input.set.upstreams[index].places
        }
        input.serial = serial
        input.seed = self.seed
        let snapshot: Snapshot
        do {
            snapshot = try SnapshotCompiler.compile(input, numbers: &numbers)
        } catch {
            throw FilesRefused([SnapshotBuilder.problem(error)])
        }
        return BuiltEdge(
            snapshot: snapshot,
            files: merged,
            resolved: resolved,
            notes: notes,
            warnings: addresses.warnings
        )
    }

    // MARK: Tenants

    /// Adds run-time tenants to a set; where ids, hosts or aliases clash the file wins.
    static func merge(_ runtime: [StoredTenant], into set: inout RouteSet) -> [String] {
        var notes: [String] = []
        let ids = Set(set.tenants.map(\.id))
        var hosts = Set(set.tenants.flatMap(\.hosts))
        var words = ids.union(set.tenants.flatMap(\.aliases))
        for stored in runtime {
            guard !ids.contains(stored.id) else {
                notes.append("run-time tenant \(stored.id): Routes/ defines it too, the file holds")
                continue
            }
            guard words.insert(stored.id).inserted else {
                notes.append("run-time tenant \(stored.id): the word is another tenant's alias")
                continue
            }
            var tenant = TenantModel(
                id: stored.id,
                source: ModelSource(
                    file: "(run time)",
                    position: SourcePosition(line: 1, column: 1)
                )
            )
            tenant.labels = stored.labels
            for host in stored.hosts.map({ $0.lowercased() }) {
                if hosts.insert(host).inserted {
                    tenant.hosts.append(host)
                } else {
                    notes.append("run-time tenant \(stored.id): host \(host) is another tenant's")
                }
            }
            for alias in stored.aliases {
                if words.insert(alias).inserted {
                    tenant.aliases.append(alias)
                } else {
                    notes.append("run-time tenant \(stored.id): alias \(alias) is another tenant's")
                }
            }
            set.tenants.append(tenant)
        }
        return notes
    }

    // MARK: Flags

    /// Stage flags for all tenants; where a flag fails now, what it said last.
    private func resolve(_ files: EdgeSet, _ previous: ResolvedStages?) -> ResolvedStages {
        let seconds = self.unixSeconds()
        let tenants = FlagTenants(files.set.tenants)
        var stages: [String: Set<Stage>] = [:]
        for route in files.set.routes {
            stages[route.migration, default: []].formUnion(route.stages)
        }
        var resolved = ResolvedStages()
        for (row, tenant) in files.set.tenants.enumerated() { resolved.rows[tenant.id] = row }
        for (migration, used) in stages {
            let list = used.sorted()
            var column = files.flags.resolveStages(
                migration,
                stages: list,
                tenants: tenants,
                unixSeconds: seconds
            )
            column.append(
                files.flags.resolveStage(migration, stages: list, unixSeconds: seconds)
            )
            if let previous, column.contains(where: { $0.stage == nil }) {
                self.keepLastKnown(&column, migration, used, files.set.tenants, previous)
            }
            resolved.stages[migration] = column
        }
        return resolved
    }

    private func keepLastKnown(
        _ column: inout [StageResolution],
        _ migration: String,
        _ used: Set<Stage>,
        _ tenants: [TenantModel],
        _ previous: ResolvedStages
    ) {
        for index in column.indices where column[index].stage == nil {
            let tenant = index < tenants.count ? tenants[index].id : "*"
            let cell = CellName(tenant: tenant, migration: migration)
            guard let last = previous.resolution(cell)?.stage, used.contains(last) else { continue }
            column[index] = StageResolution(stage: last, isTargeted: false, isLastKnown: true)
        }
    }

    private func entitlements(_ files: EdgeSet) -> [String: [Entitlement]] {
        let seconds = self.unixSeconds()
        let tenants = FlagTenants(files.set.tenants)
        var result: [String: [Entitlement]] = [:]
        for key in Set(files.set.routes.compactMap { $0.entitlement?.flag }) {
            var column = files.flags.resolveBooleans(key, tenants: tenants, unixSeconds: seconds)
            let nobody = files.flags.evaluate(
                key,
                .empty,
                unixSeconds: seconds,
                expecting: .boolean
            )
            switch nobody.value?.bool {
            case true?: column.append(.licensed)
            case false?: column.append(.unlicensed)
            case nil: column.append(.unknown)
            }
            result[key] = column
        }
        return result
    }

    // MARK: Errors

    /// A compile error as a finding.
    static func problem(_ error: SnapshotError) -> Problem {
        func at(_ source: ModelSource, _ code: String, _ message: String) -> Problem {
            Problem(code: code, message, file: source.file, at: source.position)
        }
        switch error {
        case .equalRank(let first, let second, let path):
            return at(
                second,
                "R091",
                "`\(path)` has the same rank as a match in "
                    + "\(first.file):\(first.position.line): requests of both cannot be told apart"
            )
        case .badPattern(let source, let reason):
            return at(source, "R092", "the regular expression does not compile: \(reason)")
        case .badTemplate(let source, let reason):
            return at(source, "R093", "the template does not fit its match: \(reason)")
        case .unknownUpstream(let source, let name):
            return at(source, "R094", "upstream `\(name)` is not defined")
        case .noAddress(let source, let endpoint):
            return at(source, "R090", "`\(endpoint.host):\(endpoint.port)` has no usable address")
        case .tooMany(let what, let limit):
            return Problem(
                code: "R095",
                "more than \(limit) \(what)",
                file: "Routes",
                at: SourcePosition(line: 1, column: 1)
            )
        }
    }
}
