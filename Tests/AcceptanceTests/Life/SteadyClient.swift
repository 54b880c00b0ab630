// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Synchronization

/// What became of a client's requests.
struct SteadyResult: Sendable {
    /// Answered, whole, with the answer that was asked for.
    var answered = 0
    /// Sent on a connection that was accepted, and not answered so; with what came instead.
    var failed: [String] = []
    /// Fresh connections that the kernel closed before anybody had accepted them.
    var unaccepted = 0
    /// A connection was refused: the edge no longer listens.
    var wasRefused = false
    /// `Origin-Name` of each answer, counted.
    var origins: [String: Int] = [:]
}

/// One client on a thread of its own: requests in a row, on a kept connection for as long as the
/// edge lets it, else on the next.
final class SteadyClient: Sendable {
    private let port: Int
    private let path: String
    private let fields: String
    private let isKept: Bool
    private let isOver = Atomic<Bool>(false)
    private let answered = Atomic<Int>(0)
    private let result = Mutex(SteadyResult())
    private let thread = Mutex<JoinableThread?>(nil)

    /// `fields` are further lines of the head, each with its CR LF; `isKept` false: a connection
    /// for each request.
    init(port: Int, path: String, fields: String = "", isKept: Bool = true) {
        self.port = port
        self.path = path
        self.fields = fields
        self.isKept = isKept
    }

    /// Answers so far.
    var count: Int { self.answered.load(ordering: .relaxed) }

    func start() {
        let thread = JoinableThread { self.run() }
        self.thread.withLock { $0 = thread }
    }

    /// Ends it after the request in hand, or when the edge refuses it; what it saw.
    func finish(stops: Bool = true) -> SteadyResult {
        if stops { self.isOver.store(true, ordering: .relaxed) }
        self.thread.withLock { $0 }?.join()
        return self.result.withLock { $0 }
    }

    private func run() {
        var result = SteadyResult()
        var connection: BlockingConnection?
        var number = 0
        while !self.isOver.load(ordering: .relaxed) {
            var isFresh = false
            if connection == nil {
                connection = try? BlockingConnection(port: self.port)
                isFresh = true
            }
            guard let open = connection else {
                result.wasRefused = true
                break
            }
            number += 1
            let size = number % 700
            let request = """
                GET \(self.path) HTTP/1.1\r\nHost: edge.example\r\nRequest-Number: \(number)\r
                Want-Bytes: \(size)\r\n\(self.fields)\r\n
                """
            let isSent = open.send(Array(request.utf8))
            let answer = isSent ? open.receive() : nil
            if let answer {
                self.judge(answer, number, size, &result)
                let isClosing = answer.field("connection:")?.lowercased() == "close"
                if isClosing || !self.isKept { connection = nil }
            } else {
                // The kernel finishes handshakes by itself: one that no worker took is no promise.
                if isFresh, errno == ECONNRESET || errno == EPIPE {
                    result.unaccepted += 1
                } else {
                    result.failed.append("no answer, errno \(errno), fresh \(isFresh)")
                }
                connection = nil
            }
        }
        self.result.withLock { $0 = result }
    }

    private func judge(
        _ answer: PlainMessage,
        _ number: Int,
        _ size: Int,
        _ result: inout SteadyResult
    ) {
        guard answer.secondWord == "200", answer.bodyCount == size,
            answer.field("request-number:") == "\(number)"
        else {
            result.failed.append("\(answer.lines[0])")
            return
        }
        result.answered += 1
        result.origins[String(answer.field("origin-name:") ?? "none"), default: 0] += 1
        self.answered.add(1, ordering: .relaxed)
    }
}
