// SPDX-License-Identifier: Apache-2.0

import Bytes
import Parity
import Testing

@testable import Control

@Suite("Build history") struct BuildHistoryTests {
    private static func answer(
        _ modern: String,
        legacy: String = "",
        route: String = "r",
        at milliseconds: Int64 = 1_700_000_000_000
    ) -> ParityObservation {
        var observation = ParityLedgerTests.observation(.match, at: milliseconds)
        observation.route = route
        observation.legacyBuild = legacy
        observation.modernBuild = modern
        return observation
    }

    private static func epoch(
        _ number: UInt64,
        _ modern: String,
        isOpen: Bool = false
    )
        -> ParityEpoch
    {
        ParityEpoch(
            number: number,
            migration: "m",
            ruleSetHash: "",
            legacyBuild: "",
            modernBuild: modern,
            cause: "build",
            startUnixMilliseconds: 1,
            endUnixMilliseconds: isOpen ? 0 : 2
        )
    }

    @Test func `the first word names the epoch, another build changes it, the one before is late`()
    {
        var history = BuildHistory()
        let table: [(String, BuildHistory.Finding, String)] = [
            ("", .current, ""), ("b1", .named, "r=b1"), ("b1", .current, "r=b1"),
            ("b2", .changed, "r=b2"), ("b1", .other, "r=b2"), ("b2", .current, "r=b2"),
        ]
        for (row, (build, finding, text)) in table.enumerated() {
            #expect(history.take(Self.answer(build)) == finding, "row \(row)")
            #expect(history.modernText == text, "row \(row)")
        }
        // Routes are services of their own.
        #expect(history.take(Self.answer("b1", route: "s")) == .named)
        #expect(history.take(Self.answer("b2", legacy: "l1")) == .named)
        #expect(history.take(Self.answer("b3", legacy: "l2")) == .changed)
        #expect(history.legacyText == "r=l2" && history.modernText == "r=b3 s=b1")
    }

    @Test func `a build that alone answers again was rolled back to, and begins an epoch`() {
        let start: Int64 = 1_700_000_000_000
        var history = BuildHistory()
        for build in ["b1", "b2"] { _ = history.take(Self.answer(build, at: start)) }
        let answers = Int64(Limits.parityBuildReturnAnswers)
        // Enough of them in a moment are the end of a deployment.
        for number in 0..<answers * 3 {
            #expect(history.take(Self.answer("b1", at: start + number)) == .other)
        }
        // Both side by side are a deployment, however long it takes.
        for minute in Int64(0)..<60 {
            let now = start + 60_000 * minute
            #expect(history.take(Self.answer("b1", at: now)) == .other)
            #expect(history.take(Self.answer("b2", at: now + 1)) == .current)
        }
        let again = start + 3_600_000
        let step = Limits.parityBuildReturnMilliseconds / answers
        var findings = (0...answers).map {
            history.take(Self.answer("b1", at: again + step * $0 + 1))
        }
        #expect(findings.removeLast() == .changed)
        #expect(findings.allSatisfy { $0 == .other })
        #expect(history.modernText == "r=b1")
        #expect(history.take(Self.answer("b1", at: again + 700_000)) == .current)
        #expect(history.take(Self.answer("b2", at: again + 700_001)) == .other)
    }

    @Test func `a field that changes with each answer begins few epochs and takes little memory`() {
        var history = BuildHistory()
        var changed = 0
        let hours = 200
        for number in 0..<20_000 {
            let now = 1_700_000_000_000 + Int64(number * hours * 3_600_000 / 20_000)
            switch history.take(Self.answer("request-\(number)", at: now)) {
            case .changed: changed += 1
            default: break
            }
        }
        #expect(changed <= Limits.parityBuildEpochsMax + hours, "\(changed)")
        #expect(changed >= hours / 2, "\(changed)")
        #expect(history.earlierCount <= Limits.parityBuildsMax)
        let epochs = (1...UInt64(5_000)).map { Self.epoch($0, "r=b\($0)", isOpen: $0 == 5_000) }
        let loaded = BuildHistory(epochs)
        #expect(loaded.earlierCount == Limits.parityBuildsMax - 1)
        #expect(loaded.modernText == "r=b5000")
    }

    @Test func `what an earlier run knew is known after a restart`() {
        var history = BuildHistory([
            Self.epoch(1, "r=b1"), Self.epoch(2, "r=b2"), Self.epoch(3, "r=b1", isOpen: true),
        ])
        #expect(history.take(Self.answer("b1")) == .current)
        #expect(history.take(Self.answer("b2")) == .other)
        #expect(history.take(Self.answer("b3")) == .changed)
        #expect(history.take(Self.answer("b1")) == .other)
        // An edge that could not read its store learns later what there was.
        var late = BuildHistory()
        #expect(late.take(Self.answer("b4")) == .named)
        late.adopt(BuildHistory([Self.epoch(1, "r=b1"), Self.epoch(2, "r=b2", isOpen: true)]))
        #expect(late.modernText == "r=b4")
        #expect(late.take(Self.answer("b2")) == .other && late.take(Self.answer("b1")) == .other)
    }
}
