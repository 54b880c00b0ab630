// SPDX-License-Identifier: Apache-2.0

import Bytes
import Testing

@testable import Migration

@Suite("Snapshot: scale")
struct SnapshotScaleTests {
    @Test func `10,000 tenants and 200 migrations answer as 1 and 1 do, in times printed`() throws {
        for (tenants, migrations) in [(1, 1), (10_000, 200)] {
            let routes = (0..<migrations).map { number in
                RoutingWorld.route(
                    "m\(number)",
                    [RoutingWorld.match(.template, "/api/v1/m\(number)/{rest...}")]
                )
            }
            var input = RoutingWorld.input(routes)
            input.set.tenants = (0..<tenants).map { number in
                var tenant = TenantModel(id: "t\(number)", source: RoutingWorld.source)
                tenant.hosts = ["t\(number).care.example"]
                return tenant
            }
            for (number, route) in routes.enumerated() {
                input.stages[route.migration] = (0...tenants).map { tenant in
                    let stage = Stage(rawValue: UInt8((tenant + number) % 3)) ?? .legacy
                    return StageResolution(stage: stage, isTargeted: tenant % 2 == 0)
                }
            }
            var numbers = SnapshotNumbers()
            let clock = ContinuousClock()
            let start = clock.now
            let snapshot = try SnapshotCompiler.compile(input, numbers: &numbers)
            let built = clock.now - start
            let last = tenants - 1
            let path = "/api/v1/m\(migrations - 1)/a/b"
            let found = try #require(
                RoutingWorld.match(snapshot, path, host: "t\(last).care.example")
            )
            #expect(found.route == UInt32(migrations - 1))
            let view = snapshot.view
            let tenant = withWindow(Array("t\(last).care.example".utf8)) { view.tenant(host: $0) }
            let number = try #require(tenant)
            #expect(view.tenantID(number).text == "t\(last)")
            let stage = view.stageDefault(migration: UInt32(migrations - 1), tenant: number)
            #expect(stage.stage.rawValue == UInt8((last + migrations - 1) % 3))
            let each = SnapshotScaleTests.time(view, path, "t\(last).care.example", migrations)
            print("\(tenants) x \(migrations): \(built), \(snapshot.byteCount) bytes, \(each) each")
        }
    }

    /// One lookup of tenant, route and stage.
    private static func time(
        _ view: SnapshotView,
        _ path: String,
        _ host: String,
        _ migrations: Int
    ) -> Duration {
        let rounds = 20_000
        var matcher = NothingMatches()
        let fields = FieldTable()
        let clock = ContinuousClock()
        let start = clock.now
        var sum = 0
        withWindow(Array(path.utf8)) { path in
            withWindow(Array(host.utf8)) { host in
                withWindow(Array("GET".utf8)) { method in
                    for _ in 0..<rounds {
                        let tenant = view.tenant(host: host) ?? 0
                        let hit = view.match(
                            host: host,
                            path: path,
                            method: method,
                            head: method,
                            fields: fields,
                            query: method,
                            matcher: &matcher
                        )
                        let migration = view.route(hit?.route ?? 0).migration
                        sum += Int(
                            view.stageDefault(migration: migration, tenant: tenant).stage.rawValue
                        )
                    }
                }
            }
        }
        #expect(sum >= 0)
        return (clock.now - start) / rounds
    }
}
