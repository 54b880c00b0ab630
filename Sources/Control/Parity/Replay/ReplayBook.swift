// SPDX-License-Identifier: Apache-2.0

import Bytes
import Synchronization

/// What an edge remembers of replays, so that a row is observed once however often it is sent: a
/// replay that was killed does not know which of its last rows had arrived.
final class ReplayBook: Sendable {
    private struct Run {
        /// By row; `nil`: under way.
        var rows: [Int: SyntheticResult?] = [:]
        /// Rows in order of arrival, the oldest from ``oldest`` on.
        var order: [Int] = []
        var oldest = 0
        var lastUse: UInt64 = 0
    }

    private struct State {
        var runs: [String: Run] = [:]
        var uses: UInt64 = 0
    }

    private let state = Mutex(State())

    /// What to do with a row.
    enum Entry: Equatable {
        /// Observe it, then ``end(_:_:_:)``.
        case fresh
        /// It was observed, and this came out.
        case known(SyntheticResult)
        /// It is being observed right now.
        case underWay
    }

    /// A row arrives.
    func begin(_ run: String, _ row: Int) -> Entry {
        self.state.withLock { state in
            state.uses += 1
            if state.runs[run] == nil, state.runs.count >= Limits.replayRunsMax,
                let idle = state.runs.min(by: { $0.value.lastUse < $1.value.lastUse })?.key
            {
                state.runs[idle] = nil
            }
            state.runs[run, default: Run()].lastUse = state.uses
            switch state.runs[run]?.rows[row] {
            case .some(.some(let result)): return .known(result)
            case .some(.none): return .underWay
            case .none: break
            }
            state.runs[run]?.rows[row] = .some(nil)
            state.runs[run]?.order.append(row)
            self.forget(&state.runs[run, default: Run()])
            return .fresh
        }
    }

    /// A fresh row has been observed.
    func end(_ run: String, _ row: Int, _ result: SyntheticResult) {
        self.state.withLock { state in
            guard state.runs[run]?.rows[row] != nil else { return }
            state.runs[run]?.rows[row] = .some(result)
        }
    }

    /// A fresh row could not be observed: it may come again.
    func forget(_ run: String, _ row: Int) {
        self.state.withLock { $0.runs[run]?.rows[row] = nil }
    }

    private func forget(_ run: inout Run) {
        while run.rows.count > Limits.replayRowsRemembered {
            run.rows[run.order[run.oldest]] = nil
            run.oldest += 1
        }
        guard run.oldest > Limits.replayRowsRemembered else { return }
        run.order.removeFirst(run.oldest)
        run.oldest = 0
    }
}
