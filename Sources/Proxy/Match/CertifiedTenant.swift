// SPDX-License-Identifier: Apache-2.0

import Bytes
import Migration
import TLS

/// The names of a client's verified certificate, for as long as its connection lives.
///
/// Read once, after the handshake: OpenSSL allocates for it. Lives in an arena beside the slab of
/// connections; who shows no certificate pays nothing for it.
struct ClientNames: BitwiseCopyable {
    /// Names, a line feed behind each.
    var bytes = InlineArray<1_024, UInt8>(repeating: 0)
    var count: Int32 = 0
}

extension Reactor {
    /// A handshake is complete: keeps the names that the client has proved.
    mutating func keepClientNames(_ d: UInt32) {
        var writer = self.blocks.writer(self.scratch, from: 0)
        self.tlsDownstreams.clientNames(d, into: &writer)
        self.downstreams[d].hasNames = writer.position > 0
        guard writer.position > 0 else { return }
        let names = self.blocks.window(self.scratch, 0, writer.position)
        for index in 0..<names.count { self.clientNames[Int(d)].bytes[index] = names[index] }
        self.clientNames[Int(d)].count = Int32(names.count)
    }

    /// What the client's certificate says: all of its names that are a tenant's must be of the same
    /// one.
    func certifiedTenant(_ e: UInt32, _ prefix: ByteWindow, _ view: SnapshotView) -> TenantFinding {
        let downstream = self.exchanges[e].downstream
        guard self.downstreams.isLive(downstream), self.downstreams[downstream.index].hasNames
        else { return .unknown }
        let isStream = self.downstreams[downstream.index].transport == .stream
        let d =
            isStream ? self.streams[Int(downstream.index)].carrier.index : downstream.index
        var writer = self.blocks.writer(self.scratch, from: 0)
        writer.append(self.clientNames[Int(d)].bytes, count: Int(self.clientNames[Int(d)].count))
        let finding = view.tenant(
            names: self.blocks.window(self.scratch, 0, writer.position),
            behind: prefix
        )
        if finding.isConflict { return .conflict }
        return finding.number.map { .tenant($0) } ?? .unknown
    }
}
