// SPDX-License-Identifier: Apache-2.0
// Invariant of this island: both allocations are made once per edge, filled completely, and never
// freed.

import Bytes
import Kernel
import Migration

/// Names and rules of the edge that never change while it runs; shared by reading only.
@safe
struct EdgeNames: BitwiseCopyable, @unchecked Sendable {
    let name: ByteWindow
    let writesLog: Bool
    let seed: UInt64
    /// Wakes the compare threads.
    let compareDescriptor: Int32
    private let blocks: UnsafePointer<TrustBlock>
    private let blockCount: Int

    struct TrustBlock: BitwiseCopyable {
        var listener: Int
        var bytes: InlineArray<16, UInt8>
        var prefixBits: Int
    }

    /// Copies into memory that lives as long as the process: there is one edge per process.
    init(plan: ProxyPlan, seed: UInt64, compareDescriptor: Int32) {
        let name = Array(plan.edgeName.utf8)
        let nameMemory = UnsafeMutablePointer<UInt8>.allocate(capacity: max(name.count, 1))
        for (index, byte) in name.enumerated() {
            unsafe (nameMemory + index).initialize(to: byte)
        }
        // SAFETY: never freed, `name.count` bytes initialised.
        self.name = unsafe ByteWindow(base: nameMemory, count: name.count)
        self.writesLog = plan.writesLog
        self.seed = seed
        self.compareDescriptor = compareDescriptor
        var blocks: [TrustBlock] = []
        for (listener, entry) in plan.listeners.enumerated() {
            for block in entry.trustedPeers {
                var bytes = InlineArray<16, UInt8>(repeating: 0)
                for index in 0..<16 { bytes[index] = block.bytes[index] }
                blocks.append(
                    TrustBlock(listener: listener, bytes: bytes, prefixBits: block.prefixBits)
                )
            }
        }
        let memory = UnsafeMutablePointer<TrustBlock>.allocate(capacity: max(blocks.count, 1))
        for (index, block) in blocks.enumerated() {
            unsafe (memory + index).initialize(to: block)
        }
        unsafe self.blocks = UnsafePointer(memory)
        self.blockCount = blocks.count
    }

    /// Whether a peer of a listener may speak for its clients.
    func isTrusted(_ peer: SocketAddress, listener: Int) -> Bool {
        for index in 0..<self.blockCount {
            // SAFETY: index < blockCount.
            let block = unsafe self.blocks[index]
            guard block.listener == listener else { continue }
            var isInside = true
            for byte in 0..<16 {
                let bits = min(8, max(0, block.prefixBits - byte * 8))
                let mask = bits == 0 ? 0 : UInt8(truncatingIfNeeded: 0xff00 >> bits)
                if (peer.addressByte(byte) ^ block.bytes[byte]) & mask != 0 {
                    isInside = false
                    break
                }
            }
            if isInside { return true }
        }
        return false
    }
}
