// SPDX-License-Identifier: Apache-2.0

import Documents

/// `spec.gate`: what a forward flip must show; checked in shape, kept as it is written.
func gateNode(_ spec: inout FieldReader) -> DocumentNode? {
    guard let node = spec.node("gate"), var gate = spec.reader(node, "spec.gate") else {
        return nil
    }
    for key in ["parity", "confidence", "errors", "rescues"] { gate.checkPercentage(key) }
    _ = gate.milliseconds("latency", in: 0...3_600_000)
    _ = gate.milliseconds("stableFor", in: 0...(366 * 86_400_000))
    _ = gate.integer("coverage", in: 1...1_000_000_000)
    gate.finish()
    return node
}
