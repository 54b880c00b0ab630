// SPDX-License-Identifier: Apache-2.0

import Bytes
import Control
import Kernel
import Migration
import Proxy

/// The data plane behind the door that the control plane knows: the one place where the two meet.
final class EdgePlane: DataPlanePort {
    private let plane: DataPlane
    private let writers: RecentWriters
    private let notes: CellNotes

    /// Starts the workers with a first snapshot; they serve after ``open()``.
    init(plan: ProxyPlan, snapshot: Snapshot, seed: UInt64) throws {
        self.writers = RecentWriters()
        self.notes = CellNotes()
        self.plane = try DataPlane(
            plan: plan, snapshot: snapshot, writers: self.writers, notes: self.notes, seed: seed)
    }

    var workerCount: Int { self.plane.workerCount }

    /// `host:port` of each listener, in the order of the configuration.
    var addresses: [String] { self.plane.addresses.map(\.text) }

    func apply(_ delta: Delta) -> Acknowledgement {
        self.plane.post(delta).wait(timeoutMilliseconds: Limits.acknowledgeTimeoutMilliseconds)
    }

    func forgetWriters(_ cells: [CellNumber]) {
        let notes = self.notes.view
        for cell in cells { notes.clearWriters(cell) }
    }

    func isDiverged(_ cell: CellNumber) -> Bool { self.notes.view.isDiverged(cell) }

    func setDiverged(_ isDiverged: Bool, _ cell: CellNumber) {
        if isDiverged {
            self.notes.view.markDiverged(cell)
        } else {
            self.notes.view.clearDiverged(cell)
        }
    }

    /// Has every worker route by a snapshot; `false` when one did not answer in time.
    func publish(_ snapshot: Snapshot) -> Bool {
        self.plane.post(snapshot).wait(
            timeoutMilliseconds: Limits.acknowledgeTimeoutMilliseconds)
    }

    /// Begins to serve.
    func open() { self.plane.open() }

    /// Stops accepting and waits until every connection is done; `false` when the time was over and
    /// the rest was cut.
    func drain(timeoutMilliseconds: Int) -> Bool {
        self.plane.drain()
        if self.plane.join(timeoutMilliseconds: timeoutMilliseconds) { return true }
        self.plane.stop()
        _ = self.plane.join(timeoutMilliseconds: 1_000)
        return false
    }

    /// Writes waiting log lines. One thread only.
    func drainLog(_ log: AccessLogFile) {
        unsafe self.plane.drainLog { bytes in unsafe log.write(bytes) }
    }

    /// What the workers have counted, as families of the metrics page.
    func figures(routes: NumberBook) -> [MetricFamily] {
        EdgeFigures(plane: self.plane, routes: routes).families
    }
}
