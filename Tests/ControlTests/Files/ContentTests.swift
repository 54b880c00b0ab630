// SPDX-License-Identifier: Apache-2.0

import Documents
import Foundation
import Migration
import Testing

@testable import Control

/// What stands in `banyan.yaml`, `Routes/` and `FeatureFlags/` of this repository.
@Suite("Content")
struct ContentTests {
    private let files = EdgeFiles.load(
        configuration: packageRoot.appendingPathComponent("banyan.yaml").path
    )

    @Test func `every file is valid and without a warning`() {
        #expect(
            self.files.problems == [],
            "\(self.files.report(elapsedMilliseconds: 0).text(.human))"
        )
        #expect(self.files.files.count == 8)
        #expect(self.files.set.routes.count == 4)
        #expect(self.files.set.upstreams.count == 4)
        #expect(self.files.set.tenants.count == 200)
        #expect(Set(self.files.set.routes.map(\.migration)).count == 3)
    }

    @Test func `every file of the folders is named in their index`() throws {
        for folder in ["Routes", "FeatureFlags"] {
            let url = packageRoot.appendingPathComponent(folder)
            let readme = try String(
                contentsOf: url.appendingPathComponent("README.md"),
                encoding: .utf8
            )
            for name in try FileManager.default.contentsOfDirectory(atPath: url.path)
            where name != "README.md" {
                #expect(readme.contains("`\(name)`"), "\(folder)/\(name)")
            }
        }
    }

    @Test func `every flag has an owner and an expiry date`() {
        for key in self.files.flags.keys {
            let flag = self.files.flags.flag(key)
            #expect(flag?.metadata("owner")?.text?.isEmpty == false, "\(key)")
            let expiry = flag?.metadata("expires")?.text.flatMap { Quantity.unixSeconds($0) }
            #expect(expiry != nil, "\(key)")
        }
    }

    @Test func `some tenants lack a module, and tenants without a past start on modern`() throws {
        let tenants = self.files.set.tenants
        let prepared = FlagTenants(tenants)
        for key in ["ehr.care_plans", "ehr.portal"] {
            let answers = self.files.flags.resolveBooleans(key, tenants: prepared, unixSeconds: 0)
            #expect(answers.contains(.licensed) && answers.contains(.unlicensed), "\(key)")
            #expect(!answers.contains(.unknown), "\(key)")
        }
        for migration in ["virtual-care", "care-plans", "patient-portal"] {
            let route = try #require(self.files.set.routes.first { $0.migration == migration })
            let answers = self.files.flags.resolveStages(
                migration,
                stages: route.stages,
                tenants: prepared,
                unixSeconds: 0
            )
            for (tenant, answer) in zip(tenants, answers) {
                let expected = tenant.labels["wave"] == "new" ? Stage.modern : .legacy
                #expect(answer.stage == expected, "\(tenant.id) \(migration)")
            }
            let nobody = self.files.flags.resolveStage(
                migration,
                stages: route.stages,
                unixSeconds: 0
            )
            #expect(nobody.stage == .legacy)
        }
    }

    @Test func `the set compiles into a snapshot`() throws {
        var input = SnapshotInput { _ in throw SnapshotError.tooMany("patterns", limit: 0) }
        input.set = self.files.set
        input.listeners = self.files.configuration.listeners
        for endpoint in self.files.set.upstreams.flatMap(\.endpoints) {
            input.addresses[endpoint] = [UInt8](repeating: 0, count: 16)
        }
        var numbers = SnapshotNumbers()
        _ = try SnapshotCompiler.compile(input, numbers: &numbers)
        #expect(numbers.migrations.count == 3)
    }
}
