// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Whether the programs under test are built with a sanitizer (`make sanitize`).
///
/// They are then some ten times slower and larger: what tests say about what happens still holds,
/// figures of time and memory do not.
enum Sanitizer {
    /// `thread`, `address`, or `nil`.
    static let name: String? = {
        let name = ProcessInfo.processInfo.environment["BANYAN_SANITIZER"] ?? ""
        return name.isEmpty ? nil : name
    }()

    /// Whether figures mean something; a line that says what was left out where they do not.
    static func leavesAlone(_ figure: String) -> Bool {
        guard let name = self.name else { return true }
        print("skipped under the \(name) sanitizer: \(figure)")
        return false
    }
}
