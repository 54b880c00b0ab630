// SPDX-License-Identifier: Apache-2.0
import Bytes
import Documents
import Kernel
import Migration
import Wire

/// `make micro`: the parts of a request's way alone, in nanoseconds, best of several runs.
enum MicroBench {
    static func run() throws {
        parseAndSerialise()
        // Flat in both numbers: the small table is there to be compared with.
        for (tenants, migrations) in [(100, 10), (10_000, 200)] {
            try decide(tenants: tenants, migrations: migrations)
        }
        try ParityBench.run()
    }

    /// The best of seven runs: what the code costs when the machine leaves it alone.
    private static func best(_ name: String, turns: Int, _ body: (Int) -> Void) {
        var least = UInt64.max
        for _ in 0..<7 {
            let start = monotonicNanoseconds()
            body(turns)
            least = min(least, monotonicNanoseconds() - start)
        }
        say("\(name): \(Report.number(Double(least) / Double(turns), 1)) ns")
    }

    private static func parseAndSerialise() {
        let bytes = BenchRequest(host: "t1.care.example", path: "/m7/items/81", isModern: false)
            .bytes
        var pool = BlockPool(capacity: 2)
        guard let block = pool.take() else { return }
        withWindow(bytes) { head in
            best("parse a request head of \(bytes.count) bytes", turns: 200_000) { turns in
                var fields = FieldTable()
                for _ in 0..<turns { _ = try? parseRequestHead(head, into: &fields) }
            }
            best("parse it and write it for the origin", turns: 200_000) { turns in
                var fields = FieldTable()
                for _ in 0..<turns {
                    guard let request = try? parseRequestHead(head, into: &fields) else { return }
                    var writer = pool.writer(block, from: 0)
                    let method = head.slice(
                        Int(request.methodRange.start),
                        Int(request.methodRange.length)
                    )
                    let path = head.slice(Int(request.path.start), Int(request.path.length))
                    writer.appendRequestLine(method: method, path: path)
                    writer.appendFields(of: head, fields, dropping: FieldMask())
                    writer.appendLineBreak()
                    precondition(!writer.overflowed, "a head does not fit a block")
                }
            }
        }
    }

    private struct NoPatterns: PatternMatcher {
        mutating func matches(_ pattern: UInt, _ subject: ByteWindow) -> Bool { false }
    }

    private static func snapshot(tenants: Int, migrations: Int) throws -> Snapshot {
        let source = ModelSource(file: "bench", position: SourcePosition(line: 1, column: 1))
        var input = SnapshotInput { _ in throw BenchError(description: "no patterns here") }
        let endpoint = EndpointModel(host: "127.0.0.1", port: 80)
        input.addresses[endpoint] = [2, 0, 0, 80, 127, 0, 0, 1] + [UInt8](repeating: 0, count: 8)
        input.set.upstreams = ["legacy", "modern"].map {
            UpstreamModel(name: $0, endpoints: [endpoint], source: source)
        }
        input.set.tenants = (0..<tenants).map { number in
            var tenant = TenantModel(id: "t\(number)", source: source)
            tenant.hosts = [Workload.host(tenant: number)]
            return tenant
        }
        for migration in 0..<migrations {
            let name = Workload.prefix(migration: migration)
            var match = RouteMatchModel(source: source)
            match.path = "/\(name)"
            input.set.routes.append(
                RouteModel(
                    name: name,
                    migration: name,
                    matches: [match],
                    legacy: OriginModel(upstream: "legacy"),
                    modern: OriginModel(upstream: "modern"),
                    stages: [.legacy, .shadow, .live, .modern],
                    source: source
                )
            )
            input.stages[name] = (0...tenants).map { tenant in
                let isModern = Workload.isModern(tenant: tenant, migration: migration)
                return StageResolution(stage: isModern ? .modern : .legacy, isTargeted: true)
            }
        }
        var numbers = SnapshotNumbers()
        return try SnapshotCompiler.compile(input, numbers: &numbers)
    }

    /// Host to tenant, path to route, standing, decision: for cells in an order that jumps far.
    private static func decide(tenants: Int, migrations: Int) throws {
        let start = monotonicNanoseconds()
        let snapshot = try self.snapshot(tenants: tenants, migrations: migrations)
        let built = Double(monotonicNanoseconds() - start) / 1e6
        let table = "\(tenants) tenants x \(migrations) migrations"
        say("\(table): compiled in \(Report.number(built, 0)) ms")
        let view = snapshot.view
        let subjects = (0..<4_096).map { step in
            let tenant = step * 7_919 % tenants
            let migration = step * 31 % migrations
            return (
                host: Array(Workload.host(tenant: tenant).utf8),
                path: Array("/\(Workload.prefix(migration: migration))/items/81".utf8),
                origin: Workload.isModern(tenant: tenant, migration: migration)
                    ? Origin.modern : Origin.legacy
            )
        }
        var wrong = 0
        best("\(table): tenant, route, standing and decision", turns: 4_096 * 20) { turns in
            let fields = FieldTable()
            var matcher = NoPatterns()
            for turn in 0..<turns {
                let subject = subjects[turn & 4_095]
                withWindow(subject.host) { host in
                    withWindow(subject.path) { path in
                        let none = path.slice(0, 0)
                        guard let tenant = view.tenant(host: host),
                            let hit = view.match(
                                host: host,
                                path: path,
                                method: none,
                                head: none,
                                fields: fields,
                                query: none,
                                matcher: &matcher
                            )
                        else {
                            wrong += 1
                            return
                        }
                        let migration = view.route(hit.route).migration
                        let stage = view.stageDefault(migration: migration, tenant: tenant)
                        var input = DecisionInput()
                        input.standing = Standing(stage.stage)
                        input.source = stage.source
                        if Decision.decide(input).origin != subject.origin { wrong += 1 }
                    }
                }
            }
        }
        guard wrong == 0 else { throw BenchError(description: "\(wrong) wrong decisions") }
        withExtendedLifetime(snapshot) {}
    }
}
