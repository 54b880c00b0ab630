// SPDX-License-Identifier: Apache-2.0

public import Documents
import Migration

/// Explains a request from files alone: no network, no store, so flags decide every standing.
public func explainOffline(
    _ order: ExplainOrder,
    files: EdgeFiles,
    unixSeconds: Int64
) throws(AdminProblem) -> DocumentValue {
    let set: EdgeSet
    let edge: BuiltEdge
    var numbers = SnapshotNumbers()
    do throws(FilesRefused) {
        set = try EdgeSet(files)
        // Endpoints need no address here: nothing is sent.
        let builder = SnapshotBuilder(
            listeners: files.configuration.listeners,
            seed: 0,
            lookUp: { upstreams in
                var addresses = EndpointAddresses()
                for place in upstreams.flatMap(\.places) {
                    addresses.bytes[place] = [UInt8](repeating: 0, count: 16)
                }
                return addresses
            },
            unixSeconds: { unixSeconds }
        )
        edge = try builder.build(set, runtime: [], previous: nil, serial: 1, numbers: &numbers)
    } catch {
        throw error.problem
    }
    return try Explanation(
        edge: edge,
        listeners: files.configuration.listeners,
        numbers: numbers,
        stored: { _ in ExplainedStanding() },
        isDiverged: { _ in false }
    ).explain(order)
}
