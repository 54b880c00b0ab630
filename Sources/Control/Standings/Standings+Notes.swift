// SPDX-License-Identifier: Apache-2.0

import Store

extension Standings {
    /// Records that something was done that moves no cell: a grant, a sample, shredded keys.
    ///
    /// It gets a generation and a place in the audit's chain like every act, and goes the way of a
    /// rollback: the journal first, the store when it can.
    @discardableResult
    func recordNote(_ kind: ActKind, _ order: ActOrder) -> StandingChange {
        let start = self.now()
        let act = self.book.withState { state -> Act in
            let act = StandingBook.act(kind, &state, plan: [:], order: order, now: start)
            state.apply(act)
            return act
        }
        return self.finish(act, pattern: .everything, steps: [], since: 0)
    }
}
