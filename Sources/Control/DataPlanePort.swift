// SPDX-License-Identifier: Apache-2.0

public import Migration

/// The door from standings to the workers: `serve` puts the data plane behind it, tests a model.
public protocol DataPlanePort: Sendable {
    /// Workers that answer to a delta.
    var workerCount: Int { get }
    /// Posts a delta to every worker and waits for their answers, at most
    /// `Limits.acknowledgeTimeoutMilliseconds`.
    func apply(_ delta: Delta) -> Acknowledgement
    /// Forgets the recent writers of cells that were rolled back.
    func forgetWriters(_ cells: [CellNumber])
    /// Whether a cell has taken a write on modern under `data: forward`.
    func isDiverged(_ cell: CellNumber) -> Bool
    /// How many cells are marked; `nil`: not known, each has to be asked for.
    var divergedCount: Int? { get }
    /// Sets or clears that flag.
    func setDiverged(_ isDiverged: Bool, _ cell: CellNumber)
}

extension DataPlanePort {
    /// Not known.
    public var divergedCount: Int? { nil }
}
