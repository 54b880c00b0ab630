// SPDX-License-Identifier: Apache-2.0

import Bytes
import Migration
import TLS
import Wire

// One JSON line per exchange (reference/experience.md D8). It says who decided what, never what was
// asked: no path with ids, no query, no header value; the client's address is cut to its network.

extension Reactor {
    /// Counts and logs an exchange that is over for its client.
    mutating func tally(_ e: UInt32) {
        let row = Int(self.exchanges[e].metricsRow)
        let answerer = Int(self.exchanges[e].answeredBy.rawValue)
        let status = self.exchanges[e].status
        let statusClass =
            self.exchanges[e].isAborted || status < 100
            ? 5 : Int(status) / 100 - 1
        let method = Int(self.exchanges[e].head.method.rawValue)
        self.counters.add(
            MetricsLayout.request(
                row: row,
                answerer: answerer,
                statusClass: min(statusClass, 5),
                method: method
            ),
            1
        )
        self.countCall(e, row: row, answerer: answerer)
        let microseconds = (self.nowNanoseconds &- self.exchanges[e].startNanoseconds) / 1_000
        // How long a tunnel lasts says nothing about how long requests take.
        if self.exchanges[e].upgrade != .open {
            self.counters.observe(
                MetricsLayout.duration(row: row, answerer: answerer),
                microseconds: microseconds
            )
        }
        if answerer < 2, self.exchanges[e].upstreamNanoseconds > 0 {
            self.counters.observe(
                MetricsLayout.upstreamDuration(row: row, origin: answerer),
                microseconds: self.exchanges[e].upstreamNanoseconds / 1_000
            )
        }
        guard self.edge.writesLog else { return }
        var writer = self.blocks.writer(self.scratch, from: 0)
        self.writeRecord(e, microseconds, &writer)
        let line = self.blocks.window(self.scratch, 0, writer.position)
        if writer.overflowed || !self.log.append(line) { self.counters.count(.logLinesDropped) }
    }

    /// Counts and logs a request that was refused before it became an exchange.
    mutating func tallyRefused(_ d: UInt32, status: UInt16) {
        self.counters.add(
            MetricsLayout.request(
                row: 0,
                answerer: 2,
                statusClass: Int(status) / 100 - 1,
                method: 0
            ),
            1
        )
        guard self.edge.writesLog else { return }
        var writer = self.blocks.writer(self.scratch, from: 0)
        self.writeTime(&writer)
        writer.append(",\"http.response.status_code\":")
        writer.append(decimal: UInt64(status))
        writer.append(",\"banyan.origin\":\"banyan\",\"banyan.reason\":\"refused\"")
        self.writeNetwork(
            self.downstreams[d].peerText,
            Int(self.downstreams[d].peerTextCount),
            &writer
        )
        writer.append("}\n")
        let line = self.blocks.window(self.scratch, 0, writer.position)
        if !self.log.append(line) { self.counters.count(.logLinesDropped) }
    }

    private mutating func writeRecord(
        _ e: UInt32,
        _ microseconds: UInt64,
        _ writer: inout ByteWriter
    ) {
        let view = self.snapshots.view(self.exchanges[e].snapshotSlot)
        let decision = self.exchanges[e].decision
        self.writeTime(&writer)
        writer.append(",\"http.request.method\":\"")
        writer.append(self.exchanges[e].head.method.word)
        if let hit = self.exchanges[e].hit {
            writer.append("\",\"http.route\":\"")
            writer.append(view.window(self.exchanges[e].routeName))
            writer.append("\",\"url.template\":\"")
            writer.append(view.window(view.pathLabel(hit)))
        }
        writer.append("\",\"http.response.status_code\":")
        writer.append(decimal: UInt64(self.exchanges[e].status))
        self.writeCall(e, &writer)
        writer.append(",\"duration_ms\":")
        appendMilliseconds(microseconds, &writer)
        if self.exchanges[e].hit != nil {
            writer.append(",\"banyan.tenant\":\"")
            writer.append(view.tenantID(self.exchanges[e].tenant))
            writer.append("\",\"banyan.stage\":\"")
            writer.append(decision.stage.word)
            writer.append("\"")
        }
        writer.append(",\"banyan.origin\":\"")
        writer.append(self.answererWord(e))
        writer.append("\",\"banyan.decided\":\"")
        writer.append(decision.outcome == .forward ? decision.origin.word : "banyan")
        writer.append("\",\"banyan.reason\":\"")
        writer.append(decision.reason.word)
        writer.append("\",\"banyan.generation\":")
        writer.append(decimal: self.exchanges[e].generation)
        self.writeCourse(e, &writer)
        if self.exchanges[e].isStream { writer.append(",\"network.protocol.version\":\"2\"") }
        if self.exchanges[e].isSecure { writer.append(",\"url.scheme\":\"https\"") }
        writer.append(",\"upstream.ms\":")
        appendMilliseconds(self.exchanges[e].upstreamNanoseconds / 1_000, &writer)
        writer.append(",\"bytes.in\":")
        writer.append(decimal: self.exchanges[e].requestBytes)
        writer.append(",\"bytes.out\":")
        writer.append(decimal: self.exchanges[e].answerBytes)
        self.writeNetwork(
            self.exchanges[e].peerText,
            Int(self.exchanges[e].peerTextCount),
            &writer
        )
        writer.append("}\n")
    }

    /// What happened on the way: rescue, retry, cut, failure, copy.
    private func writeCourse(_ e: UInt32, _ writer: inout ByteWriter) {
        if self.exchanges[e].isRescued { writer.append(",\"banyan.rescued\":true") }
        if self.exchanges[e].isRetried { writer.append(",\"banyan.retried\":true") }
        if self.exchanges[e].isAborted { writer.append(",\"banyan.aborted\":true") }
        if self.exchanges[e].upgrade == .open, let end = self.tunnels[Int(e)].end {
            writer.append(",\"banyan.tunnel\":\"")
            writer.append(end.word)
            writer.append("\"")
        }
        if let failure = self.exchanges[e].failure {
            writer.append(",\"error.type\":\"")
            writer.append(failure.word)
            writer.append("\"")
            if self.exchanges[e].tlsFailure != .none {
                writer.append(",\"tls.failure\":\"")
                writer.append(self.exchanges[e].tlsFailure.label)
                writer.append("\"")
            }
        }
        if self.exchanges[e].copyState != .none {
            writer.append(",\"banyan.shadow\":\"")
            writer.append(self.exchanges[e].copyState.word)
            writer.append("\"")
        }
    }

    private func answererWord(_ e: UInt32) -> StaticString {
        switch self.exchanges[e].answeredBy {
        case .legacy: self.exchanges[e].hit == nil ? "default" : "legacy"
        case .modern: "modern"
        case .banyan: "banyan"
        }
    }

    /// `{"ts":"2026-08-14T14:07:31.204Z"` from the wall clock of this wake-up.
    private mutating func writeTime(_ writer: inout ByteWriter) {
        if self.timeText.milliseconds != self.wallMilliseconds { self.renderTime() }
        writer.append(self.timeText.bytes, count: TimeText.count)
    }

    /// Renders the time of this wake-up once for all its records.
    private mutating func renderTime() {
        var bytes = self.timeText.bytes
        let milliseconds = self.wallMilliseconds
        let seconds = milliseconds / 1_000
        let date = civilDate(days: Int(seconds / 86_400))
        var at = 0
        func put(_ byte: UInt8) {
            bytes[at] = byte
            at += 1
        }
        func digits(_ number: UInt64, _ count: Int) {
            var divisor: UInt64 = count == 4 ? 1_000 : count == 3 ? 100 : 10
            for _ in 0..<count {
                put(0x30 &+ UInt8(number / divisor % 10))
                divisor /= 10
            }
        }
        // {"ts":"2026-08-14T14:07:31.204Z"
        let opening: InlineArray<7, UInt8> = [0x7b, 0x22, 0x74, 0x73, 0x22, 0x3a, 0x22]
        for index in 0..<7 { put(opening[index]) }
        digits(UInt64(date.year), 4)
        put(0x2d)
        digits(UInt64(date.month), 2)
        put(0x2d)
        digits(UInt64(date.day), 2)
        put(0x54)
        digits(seconds / 3_600 % 24, 2)
        put(0x3a)
        digits(seconds / 60 % 60, 2)
        put(0x3a)
        digits(seconds % 60, 2)
        put(0x2e)
        digits(milliseconds % 1_000, 3)
        put(0x5a)
        put(0x22)
        self.timeText.milliseconds = milliseconds
        self.timeText.bytes = bytes
    }

    /// The client's network: the last part of IPv4, all but three groups of IPv6 left out.
    private func writeNetwork(
        _ text: InlineArray<46, UInt8>,
        _ count: Int,
        _ writer: inout ByteWriter
    ) {
        writer.append(",\"client.address\":\"")
        var separators = 0
        var index = 0
        while index < count {
            let byte = text[index]
            if byte == 0x2e || byte == 0x3a { separators &+= 1 }
            if separators == 3 {
                writer.append(byte == 0x2e ? ".0/24" : "::/48")
                break
            }
            writer.append(byte)
            index &+= 1
        }
        writer.append("\"")
    }
}

/// `{"ts":"..."` of a wake-up, rendered once.
struct TimeText: BitwiseCopyable {
    /// `{"ts":"` 7, date and time 24, and a quote.
    static let count = 32
    var milliseconds: UInt64 = 0
    var bytes = InlineArray<32, UInt8>(repeating: 0)
}

/// A day of the Gregorian calendar.
struct CivilDate: BitwiseCopyable, Equatable {
    var year: Int
    var month: Int
    var day: Int
}

/// The date `days` after 1970-01-01 (H.
///
/// Hinnant's algorithm: eras of 400 years from 1 March).
func civilDate(days: Int) -> CivilDate {
    let shifted = days + 719_468
    let era = shifted / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra =
        (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    return CivilDate(
        year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
        month: month,
        day: dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    )
}

/// Appends microseconds as milliseconds with three decimals.
func appendMilliseconds(_ microseconds: UInt64, _ writer: inout ByteWriter) {
    writer.append(decimal: microseconds / 1_000)
    writer.append(0x2e)
    let rest = microseconds % 1_000
    writer.append(0x30 &+ UInt8(rest / 100))
    appendTwoDigits(rest % 100, &writer)
}

/// Appends a number below 100 as two digits.
func appendTwoDigits(_ number: UInt64, _ writer: inout ByteWriter) {
    writer.append(0x30 &+ UInt8(number / 10 % 10))
    writer.append(0x30 &+ UInt8(number % 10))
}
