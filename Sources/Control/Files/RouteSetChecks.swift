// SPDX-License-Identifier: Apache-2.0

import Bytes
import Documents
import Migration

/// What can only be seen when all files of a set are read: names used twice or not defined, tenants
/// that claim the same host, routes of one migration that disagree.
struct RouteSetChecks {
    let files: [RouteFile]
    let findings: Findings
    private(set) var set = RouteSet()
    /// First place of each name, by kind.
    private var places: [RouteFile.Kind: [String: ModelSource]] = [:]

    init(_ files: [RouteFile], findings: Findings) {
        self.files = files
        self.findings = findings
    }

    /// The set of all files, after every check.
    mutating func run() -> RouteSet {
        self.checkNames()
        for file in self.files {
            self.set.upstreams += file.set.upstreams.filter {
                self.isFirst(.upstream, $0.name, $0.source)
            }
            self.set.routes += file.set.routes.filter {
                self.isFirst(.migrationRoute, $0.name, $0.source)
            }
            self.set.tenants += file.set.tenants.filter { self.isFirst(.tenant, $0.id, $0.source) }
        }
        self.checkCounts()
        self.checkTenants()
        self.checkUpstreams()
        self.checkMigrations()
        self.markServedRedirects()
        var ranks = RouteRankChecks(findings: self.findings)
        ranks.check(self.set.routes)
        return self.set
    }

    private func isFirst(_ kind: RouteFile.Kind, _ name: String, _ source: ModelSource) -> Bool {
        guard let place = self.places[kind]?[name] else { return true }
        return place.file == source.file && place.position >= source.position
    }

    private mutating func checkNames() {
        for file in self.files {
            for kind in RouteFile.Kind.allCases {
                for (name, node) in file.declared[kind] ?? [] {
                    let place = ModelSource(file: file.file, position: node.position)
                    guard let first = self.places[kind]?[name] else {
                        self.places[kind, default: [:]][name] = place
                        continue
                    }
                    self.add(
                        "R020",
                        "\(kind.rawValue) `\(name)` is defined twice",
                        place,
                        node.length,
                        "first in \(first.file):\(first.position.line)"
                    )
                }
            }
        }
    }

    private func checkCounts() {
        let counts = [
            ("tenants", self.set.tenants.count, Limits.tenantsMax - 1),
            ("routes", self.set.routes.count, Limits.routesMax),
            ("migrations", Set(self.set.routes.map(\.migration)).count, Limits.migrationsMax),
            (
                "endpoints", self.set.upstreams.reduce(0) { $0 + $1.places.count },
                Limits.endpointsMax
            ),
        ]
        for (what, count, limit) in counts where count > limit {
            let start = SourcePosition(line: 1, column: 1)
            let place = ModelSource(file: self.files.last?.file ?? "", position: start)
            self.add("R006", "\(count) \(what) in all files", place, 1, "at most \(limit)")
        }
    }

    private func checkTenants() {
        var hosts: [String: TenantModel] = [:]
        var words: [String: TenantModel] = [:]
        for tenant in self.set.tenants { words[tenant.id] = tenant }
        for tenant in self.set.tenants {
            for host in tenant.hosts {
                guard let other = hosts.updateValue(tenant, forKey: host), other.id != tenant.id
                else { continue }
                hosts[host] = other
                self.add(
                    "R021",
                    "host `\(host)` means two tenants: `\(other.id)` and `\(tenant.id)`",
                    self.place(.tenant, tenant.id, tenant.source),
                    tenant.id.utf8.count,
                    "`\(other.id)` is in \(self.where(.tenant, other.id, other.source))"
                )
            }
            for alias in tenant.aliases {
                guard let other = words[alias], other.id != tenant.id else {
                    words[alias] = tenant
                    continue
                }
                self.add(
                    "R022",
                    "`\(alias)` means two tenants: `\(other.id)` and `\(tenant.id)`",
                    self.place(.tenant, tenant.id, tenant.source),
                    tenant.id.utf8.count,
                    "`\(other.id)` is in \(self.where(.tenant, other.id, other.source))"
                )
            }
        }
    }

    private func checkUpstreams() {
        guard !self.findings.isIncomplete else { return }
        let known = self.places[.upstream] ?? [:]
        for reference in self.findings.references where reference.kind == .upstream {
            guard known[reference.name] == nil else { continue }
            self.findings.add(undefined(reference, "upstream", "R031", known: known))
        }
    }

    private func checkMigrations() {
        var first: [String: RouteModel] = [:]
        for route in self.set.routes {
            guard let other = first[route.migration] else {
                first[route.migration] = route
                continue
            }
            var differences: [String] = []
            if route.stages != other.stages { differences.append("`stages`") }
            if route.data != other.data { differences.append("`data`") }
            guard !differences.isEmpty else { continue }
            self.add(
                "R023",
                "routes of migration `\(route.migration)` differ in "
                    + differences.joined(separator: " and "),
                self.place(.migrationRoute, route.name, route.source),
                route.name.utf8.count,
                "`\(other.name)` is in "
                    + self.where(.migrationRoute, other.name, other.source)
                    + "; they move together"
            )
        }
    }

    /// A redirect to a host that nobody reaches here has no implicit match (design.md 2).
    private mutating func markServedRedirects() {
        guard self.set.routes.contains(where: { $0.redirect?.hostname != nil }) else { return }
        var exact: Set<String> = []
        var suffixes: [String] = []
        for tenant in self.set.tenants { exact.formUnion(tenant.hosts) }
        for hostname in self.set.routes.flatMap(\.hostnames) {
            if hostname.hasPrefix("*.") {
                suffixes.append(String(hostname.dropFirst()))
            } else {
                exact.insert(hostname)
            }
        }
        for index in self.set.routes.indices {
            guard let url = self.set.routes[index].redirect?.hostname else { continue }
            let authority = url.split(separator: "/").last.map(String.init) ?? ""
            let host = NameRules.endpoint(authority)?.host ?? authority
            let isServed = exact.contains(host) || suffixes.contains { host.hasSuffix($0) }
            self.set.routes[index].redirect?.isServedHere = isServed
        }
    }

    // MARK: Places

    private func place(
        _ kind: RouteFile.Kind,
        _ name: String,
        _ source: ModelSource
    ) -> ModelSource {
        self.places[kind]?[name] ?? source
    }

    private func `where`(
        _ kind: RouteFile.Kind,
        _ name: String,
        _ source: ModelSource
    ) -> String {
        let place = self.place(kind, name, source)
        return "\(place.file):\(place.position.line)"
    }

    private func add(
        _ code: String,
        _ message: String,
        _ place: ModelSource,
        _ length: Int,
        _ caret: String
    ) {
        self.findings.add(
            Problem(
                code: code,
                message,
                file: place.file,
                at: place.position,
                length: length,
                caret: caret
            )
        )
    }
}

/// A name that nothing defines, with the nearest one and its place.
func undefined(
    _ reference: Reference,
    _ what: String,
    _ code: String,
    known: [String: ModelSource]
) -> Problem {
    let nearest = nearestName(reference.name, among: known.keys)
    let notes: [String] =
        if let nearest, let place = known[nearest] {
            ["did you mean `\(nearest)` (\(place.file):\(place.position.line))?"]
        } else if known.isEmpty {
            ["no \(what) is defined"]
        } else {
            ["defined: \(known.keys.sorted().prefix(12).joined(separator: ", "))"]
        }
    return Problem(
        code: code,
        "\(what) `\(printable(reference.name))` is not defined",
        file: reference.file,
        at: reference.node.position,
        length: reference.node.length,
        caret: "",
        notes: notes
    )
}
