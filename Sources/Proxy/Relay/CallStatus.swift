// SPDX-License-Identifier: Apache-2.0

import Bytes
import Wire

// How gRPC calls went. Their answers are 200 whatever happened; the status stands in the trailers,
// or in the only head of an answer without content, and only there it can still be rescued.

extension Reactor {
    /// Takes what an answer's final head says of its origin: the status by which the exchange is
    /// retried or rescued, which for a call is what its own status comes to.
    mutating func judgeHead(
        _ e: UInt32,
        _ u: UInt32,
        _ head: ResponseHead,
        _ bytes: ByteWindow
    ) -> UInt16 {
        self.forgetCall(e)
        // gRPC needs HTTP/2.
        guard self.upstreams[u].transport == .stream,
            GRPCStatus.isCall(fields: self.answerFields, of: bytes)
        else {
            self.noteAnswer(e, status: head.status)
            return head.status
        }
        self.exchanges[e].isCall = true
        let call = GRPCStatus(fields: self.answerFields, of: bytes)
        self.exchanges[e].callStatus = call
        let status = max(head.status, call.httpStatus)
        // What comes in trailers is judged when they are there: until then nothing is known.
        if call != .none || head.status >= 500 { self.noteAnswer(e, status: status) }
        return status
    }

    /// The whole of a call's answer is there: its trailers have the last word.
    mutating func judgeEnd(_ e: UInt32) {
        let upstream = self.exchanges[e].upstream
        guard self.exchanges[e].callStatus == .none, self.upstreams.isLive(upstream),
            self.upstreams[upstream.index].transport == .stream
        else { return }
        let state = Int(upstream.index)
        if self.upstreamStreams[state].trailers != 0 {
            self.exchanges[e].callStatus = GRPCStatus(
                lines: self.blocks.window(
                    self.upstreamStreams[state].trailers - 1,
                    0,
                    Int(self.upstreamStreams[state].trailerCount)
                )
            )
        }
        guard self.exchanges[e].status < 500 else { return }
        self.noteAnswer(e, status: self.exchanges[e].callStatus.httpStatus)
    }

    /// Another origin, or another endpoint, is asked: what was told before is not its word.
    mutating func forgetCall(_ e: UInt32) {
        self.exchanges[e].isCall = false
        self.exchanges[e].callStatus = .none
    }

    /// Counts the status of a call that an origin has answered.
    func countCall(_ e: UInt32, row: Int, answerer: Int) {
        let status = self.exchanges[e].callStatus
        guard status != .none, answerer < 2 else { return }
        let word = MetricsLayout.call(row: row, origin: answerer, status: status)
        self.counters.add(word, 1)
    }

    /// A call's status in the log; `null` where it is none that gRPC defines.
    func writeCall(_ e: UInt32, _ writer: inout ByteWriter) {
        let status = self.exchanges[e].callStatus
        guard status != .none, self.exchanges[e].answeredBy != .banyan else { return }
        writer.append(",\"rpc.grpc.status_code\":")
        if status == .unreadable {
            writer.append("null")
        } else {
            writer.append(decimal: UInt64(status.number))
        }
    }
}
