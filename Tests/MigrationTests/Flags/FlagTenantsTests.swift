// SPDX-License-Identifier: Apache-2.0

import Documents
import Testing

@testable import Migration

@Suite("Flags of tenants")
struct FlagTenantsTests {
    private static let stages: [Stage] = [.legacy, .shadow, .live, .modern]
    private static let variants = #"""
        "state":"ENABLED","variants":{"legacy":"legacy","shadow":"shadow","live":"live","bad":"gone"}
        """#

    private func set(_ flags: String) throws -> FlagSet {
        var problems: [Problem] = []
        let set = FlagSet.load(
            [(file: "f", bytes: Array(#"{"flags":{\#(flags)}}"#.utf8))],
            problems: &problems
        )
        return try #require(set, "\(problems)")
    }

    private func tenants(_ count: Int) -> [TenantModel] {
        let place = ModelSource(file: "t", position: SourcePosition(line: 1, column: 1))
        return (0..<count).map { number in
            var tenant = TenantModel(id: "tenant-\(number)", source: place)
            tenant.labels = ["wave": "\(number % 5)", "region": number % 2 == 0 ? "eu" : "us"]
            if number % 11 == 0 { tenant.labels["id"] = "not-the-id" }
            return tenant
        }
    }

    @Test func `shared evaluations say what each tenant's own evaluation says`() throws {
        let v = FlagTenantsTests.variants
        let set = try self.set(
            """
            "plain":{\(v),"defaultVariant":"shadow"},
            "labels":{\(v),"defaultVariant":"legacy","targeting":
              {"if":[{"==":[{"var":"labels.wave"},"1"]},"live",{"in":[{"var":"region"},["us"]]},"shadow"]}},
            "mixed":{\(v),"defaultVariant":"legacy","targeting":
              {"if":[{"==":[{"var":"wave"},"2"]},{"fractional":[["live",30],["shadow",70]]},"legacy"]}},
            "one":{\(v),"defaultVariant":"legacy","targeting":
              {"if":[{"in":[{"var":"tenant"},["tenant-7","tenant-22"]]},"live"]}},
            "id":{\(v),"defaultVariant":"legacy","targeting":
              {"if":[{"ends_with":[{"var":"id"},"3"]},"live"]}},
            "whole":{\(v),"defaultVariant":"legacy","targeting":
              {"if":[{"in":["5",{"map":[[{"var":""}],{"var":"id"}]}]},"live","shadow"]}},
            "time":{\(v),"defaultVariant":"legacy","targeting":
              {"if":[{">":[{"var":"$flagd.timestamp"},100]},"live"]}}
            """
        )
        let tenants = self.tenants(500)
        let prepared = FlagTenants(tenants)
        for key in set.keys {
            let found = set.resolveStages(
                key,
                stages: FlagTenantsTests.stages,
                tenants: prepared,
                unixSeconds: 101
            )
            #expect(found.count == tenants.count)
            for (tenant, resolution) in zip(tenants, found) {
                let own = set.evaluate(
                    key,
                    FlagTenants.context(of: tenant),
                    unixSeconds: 101,
                    expecting: .string
                )
                #expect(resolution.stage?.name == own.variant, "\(key) \(tenant.id)")
                #expect(resolution.isTargeted == (own.reason == .targetingMatch), "\(key)")
            }
        }
        let one = set.resolveStages(
            "one",
            stages: FlagTenantsTests.stages,
            tenants: prepared,
            unixSeconds: 0
        )
        #expect(one.indices.filter { one[$0].stage == .live } == [7, 22])
        let nobody = set.resolveStage("one", stages: FlagTenantsTests.stages, unixSeconds: 0)
        #expect(nobody.stage == .legacy && !nobody.isTargeted)
    }

    @Test func `every doubt leaves the stage open`() throws {
        let v = FlagTenantsTests.variants
        let set = try self.set(
            """
            "off":{"state":"DISABLED","variants":{"a":"legacy"},"defaultVariant":"a"},
            "open":{\(v)}, "unused":{\(v),"defaultVariant":"bad"},
            "number":{"state":"ENABLED","variants":{"a":1},"defaultVariant":"a"},
            "noVariant":{\(v),"defaultVariant":"legacy","targeting":{"cat":["no","thing"]}}
            """
        )
        for key in set.keys + ["missing"] {
            let found = set.resolveStages(
                key,
                stages: FlagTenantsTests.stages,
                tenants: self.tenants(3),
                unixSeconds: 0
            )
            #expect(
                found == Array(repeating: StageResolution(stage: nil, isTargeted: false), count: 3)
            )
        }
    }

    @Test func `an entitlement is licensed, unlicensed or unknown`() throws {
        let set = try self.set(
            #"""
            "m":{"state":"ENABLED","variants":{"on":true,"off":false},"defaultVariant":"off",
                 "targeting":{"if":[{"==":[{"var":"wave"},"1"]},"on"]}},
            "d":{"state":"DISABLED","variants":{"on":true},"defaultVariant":"on"},
            "s":{"state":"ENABLED","variants":{"on":"true"},"defaultVariant":"on"}
            """#
        )
        let tenants = self.tenants(2)
        #expect(
            set.resolveBooleans("m", tenants: tenants, unixSeconds: 0) == [.unlicensed, .licensed]
        )
        for key in ["d", "s", "missing"] {
            #expect(
                set.resolveBooleans(key, tenants: tenants, unixSeconds: 0) == [.unknown, .unknown]
            )
        }
    }

    @Test func `ten thousand tenants and two hundred flags are resolved in seconds`() throws {
        let v = FlagTenantsTests.variants
        let rules = [
            #""defaultVariant":"shadow""#,
            #""defaultVariant":"legacy","targeting":{"if":[{"==":[{"var":"wave"},"1"]},"live"]}"#,
            #""defaultVariant":"legacy","targeting":{"fractional":[["live",5],["shadow",95]]}"#,
        ]
        let clock = ContinuousClock()
        let tenants = self.tenants(10_000)
        let set = try self.set(
            (0..<200).map { number in
                // Of 200 flags 160 are plain, 30 read labels, 10 hash every tenant.
                let rule = rules[number < 160 ? 0 : number < 190 ? 1 : 2]
                return "\"m\(number)\":{\(v),\(rule)}"
            }.joined(separator: ",")
        )
        var prepared = FlagTenants([])
        let preparing = clock.measure { prepared = FlagTenants(tenants) }
        var targeted = 0
        var perRule: [Duration] = [.zero, .zero, .zero]
        for key in set.keys {
            let number = Int(key.dropFirst()) ?? 0
            perRule[number < 160 ? 0 : number < 190 ? 1 : 2] += clock.measure {
                let found = set.resolveStages(
                    key,
                    stages: FlagTenantsTests.stages,
                    tenants: prepared,
                    unixSeconds: 0
                )
                targeted += found.count { $0.isTargeted }
            }
        }
        #expect(targeted == 30 * 2_000 + 10 * 10_000)
        print(
            "10,000 tenants x 200 flags: prepared in \(preparing), 160 plain \(perRule[0]),",
            "30 by label \(perRule[1]), 10 by tenant \(perRule[2])"
        )
    }
}
