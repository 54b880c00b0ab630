// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What did not happen in time, or did not work.
struct AcceptanceError: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) { self.description = description }
}

/// Looks until `look` gives a value, every 10 ms; throws, saying what was waited for, at the
/// deadline.
///
/// This is the only way in which acceptance tests wait: a bounded poll for a fact, never a pause in
/// the hope that something has happened meanwhile.
@discardableResult
func waitFor<Value>(
    _ what: String,
    seconds: Double = 20,
    isolation: isolated (any Actor)? = #isolation,
    _ look: () throws -> Value?
) throws -> Value {
    let deadline = Date().addingTimeInterval(seconds)
    while true {
        if let value = try look() { return value }
        guard Date() < deadline else { throw AcceptanceError("not within \(seconds) s: \(what)") }
        usleep(10_000)
    }
}

/// Looks until `condition` holds.
func waitUntil(
    _ what: String,
    seconds: Double = 20,
    _ condition: () throws -> Bool
) throws {
    try waitFor(what, seconds: seconds) { try condition() ? true : nil }
}
