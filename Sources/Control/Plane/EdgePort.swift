// SPDX-License-Identifier: Apache-2.0

public import Migration

/// The door from the control plane to the data plane, as `serve` wires it.
///
/// Made closed: standings are put in before ``open()``, so that no request is decided without them.
public protocol EdgePort: DataPlanePort {
    /// Addresses that clients may use, in the order of the configuration's listeners.
    var addresses: [String] { get }
    /// Begins to serve.
    func open()
    /// Has every worker route by a snapshot; `false` when one did not answer within
    /// `Limits.acknowledgeTimeoutMilliseconds`.
    func publish(_ snapshot: Snapshot) -> Bool
    /// What the workers have counted; `routes` names the rows.
    func figures(routes: NumberBook) -> [MetricFamily]
    /// Stops accepting and waits until nothing is in work; `false` when the time was over and the
    /// rest was cut.
    func drain(timeoutMilliseconds: Int) -> Bool
}
