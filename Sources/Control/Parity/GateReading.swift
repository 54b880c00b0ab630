// SPDX-License-Identifier: Apache-2.0

import Documents
public import Migration
public import Parity

extension GatePolicy {
    /// What the routes of one migration ask for together: of each number the strictest.
    ///
    /// A route without `gate:` asks for the defaults.
    public init(routes: [RouteModel]) {
        self.init()
        let gates = routes.map { GatePolicy(gate: $0.gate) }
        guard let first = gates.first else { return }
        self = first
        for gate in gates.dropFirst() {
            self.parityTarget = max(self.parityTarget, gate.parityTarget)
            self.confidence = max(self.confidence, gate.confidence)
            self.coverage = max(self.coverage, gate.coverage)
            self.errorMargin = min(self.errorMargin, gate.errorMargin)
            self.latencyFloorMicroseconds = min(
                self.latencyFloorMicroseconds,
                gate.latencyFloorMicroseconds
            )
            self.stableForMilliseconds = max(
                self.stableForMilliseconds,
                gate.stableForMilliseconds
            )
        }
    }

    /// One route's `spec.gate`; what it does not say has its default.
    ///
    /// `latency` is a duration below which modern's answers are always quick enough.
    init(gate: DocumentNode?) {
        self.init()
        if let share = GatePolicy.share(gate?["parity"]) { self.parityTarget = share }
        if let share = GatePolicy.share(gate?["confidence"]) { self.confidence = share }
        if let share = GatePolicy.share(gate?["errors"]) { self.errorMargin = share }
        if let count = gate?["coverage"]?.integer, count > 0 { self.coverage = UInt64(count) }
        if let time = gate?["latency"]?.text.flatMap(Quantity.milliseconds) {
            self.latencyFloorMicroseconds = UInt32(clamping: time * 1_000)
        }
        if let time = gate?["stableFor"]?.text.flatMap(Quantity.milliseconds) {
            self.stableForMilliseconds = Int64(time)
        }
    }

    /// `99.99%` as 0.9999, exactly what the literal would be.
    private static func share(_ node: DocumentNode?) -> Double? {
        guard let text = node?.text, Quantity.isPercentage(text),
            let percent = Double(text.dropLast())
        else { return nil }
        // One rounding: 99.99 / 100 is not always the double nearest to 0.9999.
        return Double("\(text.dropLast())e-2") ?? percent / 100
    }
}
