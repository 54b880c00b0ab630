// SPDX-License-Identifier: Apache-2.0
import Bytes
import Kernel

extension LoadGenerator {
    mutating func acceptAll(_ listener: Int, _ kind: Kind) {
        while let taken = try? accept(self.connections[listener].fd) {
            setNoDelay(taken.fd)
            // Edge-triggered: what came before the registration is seen by it.
            guard (try? self.add(kind, taken.fd)) != nil else {
                closeDescriptor(taken.fd)
                return
            }
        }
    }

    /// Reads what is there and answers each whole head in it; bodies are never sent here.
    mutating func answer(_ index: Int, _ answers: BlockIndex) {
        if self.connections[index].owed > 0, !self.sendLarge(index) { return }
        while true {
            var connection = self.connections[index]
            let read = receive(
                connection.fd,
                into: self.pool,
                connection.block,
                connection.filled,
                Limits.blockBytes
            )
            guard case .bytes(let count) = read else {
                if read != .wouldBlock { self.close(index) }
                return
            }
            connection.filled += count
            let window = self.pool.window(connection.block, 0, connection.filled)
            var consumed = 0
            var heads = 0
            while consumed < connection.filled, let end = window.headEnd(from: consumed) {
                consumed = end
                heads += 1
            }
            connection.filled = self.pool.compact(connection.block, consumed, connection.filled)
            self.connections[index] = connection
            if self.workload.isLarge {
                self.connections[index].owed += heads
                guard self.sendLarge(index) else { return }
            } else {
                guard self.sendSmall(index, answers, heads) else { return }
            }
            // A short read has drained the socket.
            if count < Limits.blockBytes / 2 { return }
        }
    }

    /// `false`: the connection is gone.
    private mutating func sendSmall(_ index: Int, _ answers: BlockIndex, _ count: Int) -> Bool {
        var heads = count
        while heads > 0 {
            let several = min(heads, LoadGenerator.answersPerSend)
            let bytes = several * self.answerBytes
            let sent = send(
                self.connections[index].fd,
                self.pool.window(answers, 0, bytes),
                self.pool.window(answers, 0, 0)
            )
            // A few KiB always fit a loopback socket that its reader drains.
            guard sent == .bytes(bytes) else {
                self.result.failures += 1
                self.close(index)
                return false
            }
            heads -= several
        }
        return true
    }

    /// Sends what is owed, as far as the socket takes it; `false`: the connection is gone.
    private mutating func sendLarge(_ index: Int) -> Bool {
        while self.connections[index].owed > 0 {
            let connection = self.connections[index]
            switch self.large.send(connection.fd, from: connection.sent) {
            case .bytes(let count):
                self.connections[index].sent += count
                if self.connections[index].sent == self.large.count {
                    self.connections[index].sent = 0
                    self.connections[index].owed -= 1
                }
            case .wouldBlock: return true
            case .end, .failed:
                self.close(index)
                return false
            }
        }
        return true
    }
}
