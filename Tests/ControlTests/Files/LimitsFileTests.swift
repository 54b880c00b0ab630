// SPDX-License-Identifier: Apache-2.0

import Bytes
import Foundation
import Migration
import Testing

@testable import Control

@Suite("Limits of a configuration")
struct LimitsFileTests {
    private func load(_ limits: String) throws -> (EdgeLimits, [String]) {
        let folder = FileManager.default.temporaryDirectory.appending(path: "limits-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "banyan.yaml")
        let text = "listeners: [{ name: a, address: \"127.0.0.1:8080\" }]\nlimits: \(limits)\n"
        try text.write(to: file, atomically: true, encoding: .utf8)
        let (model, problems) = loadConfiguration(file.path)
        return (model.limits, problems.map { "\($0.code) \($0.message)" })
    }

    @Test func `what is not written has the product's default`() throws {
        let (limits, problems) = try self.load("{}")
        #expect(problems == [])
        #expect(limits == EdgeLimits())
        #expect(limits.headTimeoutMilliseconds == Limits.headTimeoutMilliseconds)
    }

    @Test func `every bound can be set`() throws {
        let (limits, problems) = try self.load(
            """
            { headTimeout: 1s, idleTimeout: 2s, rateWindow: 3s, bodyRate: 1Ki, readRate: 2Ki,
              linger: 4s, drainIdle: 5s, upstreamKeepIdle: 6s, shadowFailures: 7, shadowPause: 8s,
              tunnelIdle: 9s }
            """
        )
        #expect(problems == [])
        var expected = EdgeLimits()
        expected.headTimeoutMilliseconds = 1_000
        expected.idleTimeoutMilliseconds = 2_000
        expected.rateWindowMilliseconds = 3_000
        expected.bodyRateBytesPerSecondMin = 1_024
        expected.readRateBytesPerSecondMin = 2_048
        expected.lingerMilliseconds = 4_000
        expected.drainIdleMilliseconds = 5_000
        expected.upstreamKeepIdleMilliseconds = 6_000
        expected.shadowFailuresMax = 7
        expected.shadowBreakerMilliseconds = 8_000
        expected.tunnelIdleMilliseconds = 9_000
        #expect(limits == expected)
    }

    @Test func `outside its bounds each is refused, and all in one run`() throws {
        let (limits, problems) = try self.load(
            """
            { headTimeout: 10ms, idleTimeout: 2d, rateWindow: 1h, bodyRate: 0, readRate: 2Gi,
              linger: 2m, drainIdle: 2m, upstreamKeepIdle: 0s, shadowFailures: 0,
              shadowPause: 2h, tunnelIdle: 2d, headTimeuot: 1s }
            """
        )
        #expect(problems.filter { $0.hasPrefix("R015") }.count == 11, "\(problems)")
        #expect(problems.filter { $0.hasPrefix("R012") }.count == 1)
        #expect(limits == EdgeLimits())
    }
}
