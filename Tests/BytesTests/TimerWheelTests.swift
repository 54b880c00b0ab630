// SPDX-License-Identifier: Apache-2.0

import Bytes
import Testing

@Suite("Timer wheel")
struct TimerWheelTests {
    private func wheel(slots: Int = 8) -> TimerWheel {
        TimerWheel(nodes: 64, slots: slots, tickMilliseconds: 10, nowMilliseconds: 1_000)
    }

    private func due(_ wheel: inout TimerWheel, at now: UInt64) -> [UInt32] {
        var nodes: [UInt32] = []
        while let node = wheel.popExpired(nowMilliseconds: now) { nodes.append(node) }
        return nodes
    }

    @Test func `a node comes up once, and never before its deadline`() {
        var wheel = self.wheel()
        wheel.arm(3, deadlineMilliseconds: 1_055)
        for now in stride(from: UInt64(1_000), through: 1_059, by: 1) {
            #expect(self.due(&wheel, at: now).isEmpty, "at \(now)")
        }
        #expect(self.due(&wheel, at: 1_060) == [3])
        #expect(self.due(&wheel, at: 9_000).isEmpty)
        let armed = wheel.isArmed(3)
        #expect(!armed)
    }

    @Test func `a deadline that has passed comes up with the next tick`() {
        var wheel = self.wheel()
        wheel.arm(1, deadlineMilliseconds: 0)
        #expect(self.due(&wheel, at: 1_000).isEmpty)
        #expect(self.due(&wheel, at: 1_010) == [1])
    }

    @Test func `a cancelled node does not come up, an armed one only for its last deadline`() {
        var wheel = self.wheel()
        wheel.arm(1, deadlineMilliseconds: 1_020)
        wheel.arm(2, deadlineMilliseconds: 1_020)
        wheel.arm(2, deadlineMilliseconds: 1_200)
        wheel.cancel(1)
        wheel.cancel(1)
        #expect(self.due(&wheel, at: 1_100).isEmpty)
        #expect(self.due(&wheel, at: 1_200) == [2])
    }

    @Test func `deadlines beyond a turn of the wheel wait for their turn`() {
        var wheel = self.wheel(slots: 4)
        wheel.arm(1, deadlineMilliseconds: 1_020)
        wheel.arm(2, deadlineMilliseconds: 1_060)
        wheel.arm(3, deadlineMilliseconds: 5_020)
        #expect(self.due(&wheel, at: 1_020) == [1])
        #expect(self.due(&wheel, at: 1_060) == [2])
        #expect(self.due(&wheel, at: 5_010).isEmpty)
        #expect(self.due(&wheel, at: 5_020) == [3])
    }

    @Test func `nodes are cancelled and armed while others of their slot come up`() {
        var wheel = self.wheel()
        for node in 0..<4 { wheel.arm(UInt32(node), deadlineMilliseconds: 1_020) }
        var seen: [UInt32] = []
        while let node = wheel.popExpired(nowMilliseconds: 1_020) {
            seen.append(node)
            for other in 0..<4 where UInt32(other) != node && !seen.contains(UInt32(other)) {
                wheel.cancel(UInt32(other))
            }
            wheel.arm(node, deadlineMilliseconds: 1_040)
        }
        #expect(seen.count == 1)
        #expect(self.due(&wheel, at: 1_040) == seen)
    }

    @Test func `whatever is done to it, it does what a plain list does`() {
        var random = SplitMix(state: 7)
        var wheel = self.wheel()
        var model: [UInt32: UInt64] = [:]
        var now: UInt64 = 1_000
        for _ in 0..<20_000 {
            let node = UInt32(random.next() % 64)
            switch random.next() % 8 {
            case 0..<4:
                let deadline = now + random.next() % 300
                wheel.arm(node, deadlineMilliseconds: deadline)
                model[node] = max((deadline + 9) / 10, now / 10 + 1)
            case 4:
                wheel.cancel(node)
                model[node] = nil
            default:
                now += random.next() % (random.next() % 20 == 0 ? 5_000 : 25)
                let wanted = model.filter { $0.value <= now / 10 }.keys.sorted()
                #expect(self.due(&wheel, at: now).sorted() == wanted, "at \(now)")
                for node in wanted { model[node] = nil }
            }
        }
        let count = wheel.count
        #expect(count == model.count)
    }
}

/// Random numbers from a seed.
struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        self.state &+= 0x9e37_79b9_7f4a_7c15
        var z = self.state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
