// SPDX-License-Identifier: Apache-2.0

import Migration

private let minute = 60_000
private let hour = 3_600_000

/// The object `limits`: what an edge may set for itself, each within bounds of its own.
///
/// A deadline is at least 100 ms: the workers look every 50 ms. Rates are bytes per second.
func edgeLimits(_ reader: inout FieldReader) -> EdgeLimits {
    var limits = EdgeLimits()
    func time(_ key: String, _ range: ClosedRange<Int>, _ field: inout Int) {
        if let value = reader.milliseconds(key, in: range) { field = value }
    }
    time("headTimeout", 100...10 * minute, &limits.headTimeoutMilliseconds)
    time("idleTimeout", 100...24 * hour, &limits.idleTimeoutMilliseconds)
    time("rateWindow", 100...10 * minute, &limits.rateWindowMilliseconds)
    time("linger", 0...minute, &limits.lingerMilliseconds)
    time("drainIdle", 0...minute, &limits.drainIdleMilliseconds)
    time("tunnelIdle", 100...24 * hour, &limits.tunnelIdleMilliseconds)
    time("upstreamKeepIdle", 100...hour, &limits.upstreamKeepIdleMilliseconds)
    time("shadowPause", 100...hour, &limits.shadowBreakerMilliseconds)
    if let rate = reader.bytes("bodyRate", in: 1...1 << 30) {
        limits.bodyRateBytesPerSecondMin = rate
    }
    if let rate = reader.bytes("readRate", in: 1...1 << 30) {
        limits.readRateBytesPerSecondMin = rate
    }
    if let count = reader.integer("shadowFailures", in: 1...10_000) {
        limits.shadowFailuresMax = count
    }
    reader.finish()
    return limits
}
