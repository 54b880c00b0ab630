// SPDX-License-Identifier: Apache-2.0

import Bytes
import Migration
import Wire

extension Reactor {
    /// Writes the answer's `Location` as the client must see it (RFC 9110 10.2.2).
    ///
    /// A URL of the origin becomes one of this edge: its host is left out, and its path taken back
    /// through the origin's template. Any other URL goes as it came.
    func writeLocation(
        _ e: UInt32,
        _ bytes: ByteWindow,
        _ field: FieldSlot,
        _ writer: inout ByteWriter
    ) {
        let value = bytes.slice(Int(field.valueStart), Int(field.valueLength))
        writer.append("location: ")
        defer { writer.append("\r\n") }
        guard let hit = self.exchanges[e].hit,
            let target = self.ownTarget(e, hit, value)
        else {
            writer.append(value)
            return
        }
        var end = 0
        while end < target.count, target[end] != 0x3f, target[end] != 0x23 { end += 1 }
        let path = target.slice(0, end)
        let view = self.snapshots.view(self.exchanges[e].snapshotSlot)
        let mark = writer.position
        if !view.writePublicPath(
            hit,
            origin: self.exchanges[e].origin,
            originPath: path,
            into: &writer
        ) {
            writer.rewind(to: mark)
            writer.append(path)
        }
        writer.append(target.slice(end, target.count - end))
    }

    /// The path and query of a Location that names the origin itself; `nil` for any other.
    private func ownTarget(_ e: UInt32, _ hit: RouteHit, _ value: ByteWindow) -> ByteWindow? {
        guard value.count > 0 else { return nil }
        if value[0] == 0x2f {
            // `//host/path` names another host.
            return value.count > 1 && value[1] == 0x2f ? nil : value
        }
        let schemeLength =
            value.count > 7
                && value.slice(0, 7).equalsIgnoringCase("http://") ? 7 : 0
        guard schemeLength > 0 else { return nil }
        var end = schemeLength
        while end < value.count, value[end] != 0x2f, value[end] != 0x3f, value[end] != 0x23 {
            end += 1
        }
        let authority = value.slice(schemeLength, end - schemeLength)
        guard self.isOwnAuthority(e, hit, authority), end < value.count, value[end] == 0x2f else {
            return nil
        }
        return value.slice(end, value.count - end)
    }

    /// Whether an authority is the one that this origin was asked under.
    private func isOwnAuthority(_ e: UInt32, _ hit: RouteHit, _ authority: ByteWindow) -> Bool {
        let view = self.snapshots.view(self.exchanges[e].snapshotSlot)
        let upstream = view.upstream(self.exchanges[e].upstreamIndex)
        for turn in 0..<upstream.endpointCount {
            let endpoint = view.endpoint(upstream.firstEndpoint &+ turn)
            if equalsFolded(authority, view.window(endpoint.hostHeader)) { return true }
        }
        let origin = view.origin(hit.route, self.exchanges[e].origin)
        if origin.hostMode == .fixed, equalsFolded(authority, view.window(origin.host)) {
            return true
        }
        let client = self.exchanges[e].head.authority
        return equalsFolded(
            authority,
            self.headWindow(e).slice(Int(client.start), Int(client.length))
        )
    }
}
