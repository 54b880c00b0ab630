// SPDX-License-Identifier: Apache-2.0

import Bytes
import Migration
import Wire

extension Reactor {
    /// Whether the answering origin's upstream has rules for cookies, and the answer sets one.
    func rewritesCookies(_ e: UInt32) -> Bool {
        guard let index = self.answeringUpstream(e) else { return false }
        let view = self.snapshots.view(self.exchanges[e].snapshotSlot)
        return view.upstream(index).policy.rewritesCookies
            && self.answerFields.firstIndex(of: .setCookie) != nil
    }

    /// Writes each Set-Cookie with domain and path as the client must see them, in their order.
    func writeCookies(_ e: UInt32, _ bytes: ByteWindow, _ writer: inout ByteWriter) {
        guard let index = self.answeringUpstream(e) else { return }
        let view = self.snapshots.view(self.exchanges[e].snapshotSlot)
        let policy = view.upstream(index).policy
        for index in 0..<self.answerFields.count
        where self.answerFields[index].name == .setCookie && !self.answerFields[index].isHopByHop {
            let field = self.answerFields[index]
            writer.append("set-cookie: ")
            view.writeSetCookie(
                policy,
                bytes.slice(Int(field.valueStart), Int(field.valueLength)),
                into: &writer
            )
            writer.append("\r\n")
        }
    }

    /// The upstream whose answer goes to the client: not always the one asked last (`dual`).
    private func answeringUpstream(_ e: UInt32) -> UInt32? {
        guard let hit = self.exchanges[e].hit else {
            return self.exchanges[e].upstreamIndex == .max ? nil : self.exchanges[e].upstreamIndex
        }
        let route = self.snapshots.view(self.exchanges[e].snapshotSlot).route(hit.route)
        let index =
            self.exchanges[e].origin == .legacy ? route.legacyUpstream : route.modernUpstream
        return index == .max ? nil : index
    }
}
