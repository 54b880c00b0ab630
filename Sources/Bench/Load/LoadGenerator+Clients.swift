// SPDX-License-Identifier: Apache-2.0
import Bytes
import Kernel

extension LoadGenerator {
    mutating func openClient() throws(Errno) {
        let (fd, _) = try startConnect(to: self.target)
        _ = try self.add(.client, fd)
    }

    mutating func advance(_ index: Int) {
        guard self.connections[index].isReady else {
            self.becomeReady(index)
            return
        }
        // Edge-triggered: TLS is read until it has nothing left, a socket until a short read.
        var isMore = true
        // A client that has closed may have left its place to a new one, which is not ready.
        while isMore, self.connections[index].isReady {
            isMore =
                self.connections[index].remaining > 0
                ? self.dropBody(index) : self.readAnswer(index)
        }
    }

    /// The first event of a client says that it is connected; then comes its handshake.
    private mutating func becomeReady(_ index: Int) {
        if self.workload.isTLS {
            if self.connections[index].sentAt == 0 {
                self.connections[index].sentAt = monotonicNanoseconds()
                self.tls.open(index, fd: self.connections[index].fd)
            }
            switch self.tls.handshake(index) {
            case .some(true): break
            case .some(false): return
            case .none:
                self.fail(index)
                return
            }
        }
        self.connections[index].isReady = true
        if self.schedule.isOpen {
            self.schedule.put(index)
        } else if self.isSending {
            // With a handshake of its own, a request's latency begins with it.
            let began = self.workload == .handshake ? self.connections[index].sentAt : 0
            self.sendNext(index, at: began > 0 ? began : monotonicNanoseconds())
        }
    }

    /// Reads part of an answer; `true`: there may be more.
    private mutating func readAnswer(_ index: Int) -> Bool {
        let connection = self.connections[index]
        // A kept connection has no block; whatever comes now (tickets, the end) is not looked at.
        guard connection.block != .none else { return false }
        let read =
            self.workload.isTLS
            ? self.tls.receive(index, self.pool, connection.block, connection.filled)
            : receive(
                connection.fd,
                into: self.pool,
                connection.block,
                connection.filled,
                Limits.blockBytes
            )
        switch read {
        case .wouldBlock: return false
        case .end, .failed:
            self.fail(index)
            return false
        case .bytes(let count):
            self.connections[index].filled += count
            self.checkAnswer(index)
            return self.workload.isTLS || self.connections[index].remaining > 0
        }
    }

    /// Drops bytes of a large body; `true`: there may be more.
    private mutating func dropBody(_ index: Int) -> Bool {
        let connection = self.connections[index]
        let read =
            self.workload.isTLS
            ? self.tls.receive(index, self.pool, connection.block, 0)
            : discard(connection.fd, connection.remaining)
        switch read {
        case .wouldBlock: return false
        case .end, .failed:
            self.fail(index)
            return false
        case .bytes(let count):
            self.connections[index].remaining -= count
            guard self.connections[index].remaining <= 0 else { return true }
            self.finish(index, isGood: self.connections[index].remaining == 0)
            return self.workload.isTLS
        }
    }

    private mutating func fail(_ index: Int) {
        self.result.failures += 1
        self.close(index)
        if self.isSending { try? self.openClient() }
    }

    private mutating func checkAnswer(_ index: Int) {
        let connection = self.connections[index]
        let window = self.pool.window(connection.block, 0, connection.filled)
        guard let head = window.headEnd(from: 0) else { return }
        // HTTP/1.1 200: the digits of the status stand at 9.
        let status = window.slice(9, 3)
        switch self.workload.answer {
        case .small:
            let end = head + LoadGenerator.bodyBytes
            let isGood = status[0] == UInt8(ascii: "2")
            guard window.count >= end || !isGood else { return }
            let slot = self.requests[connection.request]
            let origin = slot.isModern ? LoadGenerator.modernByte : LoadGenerator.legacyByte
            self.finish(
                index,
                isGood: isGood && window.count == end && window[end - 1] == origin
            )
        case .redirect:
            guard let length = LoadGenerator.contentLength(window, head) else {
                self.finish(index, isGood: false)
                return
            }
            guard window.count >= head + length else { return }
            self.finish(index, isGood: status.equals("301") && window.count == head + length)
        case .large:
            guard status.equals("200") else {
                self.finish(index, isGood: false)
                return
            }
            self.connections[index].remaining = head + LoadGenerator.largeBytes - window.count
        }
    }

    private static func contentLength(_ window: ByteWindow, _ head: Int) -> Int? {
        var start = 0
        while let end = window.firstIndex(of: UInt8(ascii: "\n"), from: start), end < head {
            let line = window.slice(start, end - start)
            if line.count > 15, line.slice(0, 15).equalsIgnoringCase("content-length:") {
                var value = 0
                for index in 15..<line.count {
                    let digit = line[index] &- UInt8(ascii: "0")
                    if digit < 10 { value = value * 10 + Int(digit) }
                }
                return value
            }
            start = end + 1
        }
        return nil
    }

    /// An answer is complete: it is counted, and the client goes on as its workload wants.
    private mutating func finish(_ index: Int, isGood: Bool) {
        if isGood {
            self.result.latencies.add(
                nanoseconds: monotonicNanoseconds() - self.connections[index].sentAt
            )
        } else {
            self.result.failures += 1
        }
        self.result.requests += 1
        self.connections[index].filled = 0
        self.connections[index].remaining = 0
        self.connections[index].isWaiting = false
        if self.workload == .handshake {
            self.close(index)
            if self.isSending { try? self.openClient() }
        } else if self.keepsIdle {
            self.giveBlock(index)
        } else if self.schedule.isOpen {
            self.schedule.put(index)
        } else if self.isSending {
            self.sendNext(index, at: monotonicNanoseconds())
        }
    }

    /// Sends what is due, by whoever is free.
    mutating func sendDue() {
        while self.schedule.isDue(now: monotonicNanoseconds()),
            let client = self.schedule.takeClient()
        {
            // Of a client that was lost, only its place in the queue is left.
            guard self.isFree(client) else { continue }
            self.sendNext(client, at: self.schedule.takeDue())
        }
    }

    mutating func sendNext(_ index: Int, at time: UInt64) {
        let request = self.nextRequest
        self.nextRequest = request + 1 == self.requests.count ? 0 : request + 1
        let slot = self.requests[request]
        self.connections[index].request = request
        self.connections[index].sentAt = time
        self.connections[index].isWaiting = true
        let window = self.pool.window(slot.block, slot.start, slot.end)
        let sent =
            self.workload.isTLS
            ? self.tls.send(index, window)
            : send(self.connections[index].fd, window, self.pool.window(slot.block, 0, 0))
        if sent != .bytes(window.count) {
            self.result.failures += 1
            self.close(index)
        }
    }
}
