// SPDX-License-Identifier: Apache-2.0

public import Migration
public import TLS

/// What a data plane is started with: everything it must know before its first request.
public struct EdgeStart: Sendable {
    /// The configuration in force.
    public var configuration: ConfigurationModel
    /// Routes, tenants and flags.
    public var snapshot: Snapshot
    /// Certificates and protocols of listeners and endpoints.
    public var transports: TransportSet
    /// Every stored standing; to be applied before anything is read from a client.
    public var standings: Delta
    /// Cells of which legacy misses writes; to be marked before anything is read from a client.
    public var diverged: [CellNumber]

    /// A start from its parts.
    public init(
        configuration: ConfigurationModel,
        snapshot: Snapshot,
        transports: TransportSet = .plain,
        standings: Delta,
        diverged: [CellNumber]
    ) {
        self.configuration = configuration
        self.snapshot = snapshot
        self.transports = transports
        self.standings = standings
        self.diverged = diverged
    }
}

/// The door from the control plane to the data plane, as `serve` wires it.
public protocol EdgePort: DataPlanePort {
    /// Addresses that clients may use, in the order of the configuration's listeners.
    var addresses: [String] { get }
    /// Posts a snapshot, with the certificates and protocols that go with it, to every worker.
    ///
    /// `true` when all route by it within `timeoutMilliseconds`.
    func publish(
        _ snapshot: Snapshot,
        _ transports: TransportSet,
        timeoutMilliseconds: Int
    ) -> Bool
    /// Tells every worker what has become of endpoints; never blocks, in order with snapshots.
    func update(_ endpoints: [EndpointNews])
    /// Workers that have ejected an endpoint for now, by the endpoint's number.
    func ejectedWorkers(endpoint: UInt32) -> Int
    /// What the workers have counted.
    func figures() -> [MetricFamily]
    /// Opens the access log's file again (after it was moved away).
    func reopenAccessLog()
    /// Streams that run now, by cell, origin and kind.
    func streams() -> [StreamCount]
    /// Stops accepting; requests in work go on, streams are closed before the time is over.
    func drain(withinMilliseconds: Int)
    /// Waits until nothing is in work; `false` when the time is over.
    func join(timeoutMilliseconds: Int) -> Bool
    /// Ends everything now.
    func stop()
}

extension EdgePort {
    /// None, for a data plane that has no passive health.
    public func ejectedWorkers(endpoint: UInt32) -> Int { 0 }
}
