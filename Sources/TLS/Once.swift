// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What the first caller decides and all later ones are told.
final class Once: Sendable {
    private let answer = Mutex<Bool?>(nil)

    func withLock(_ body: (inout sending Bool?) -> Bool) -> Bool {
        self.answer.withLock { body(&$0) }
    }

    /// What was decided; `nil`: nothing yet.
    var decided: Bool? { self.answer.withLock { $0 } }
}
