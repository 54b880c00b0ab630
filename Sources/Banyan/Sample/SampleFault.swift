// SPDX-License-Identifier: Apache-2.0

import Control
import Documents
import Kernel
import Synchronization

/// What a sample service can do wrong on purpose.
enum SampleFaultKind: String, CaseIterable, Sendable {
    /// Answers 500.
    case status500
    /// Answers 503.
    case status503
    /// Answers after a pause of `milliseconds`.
    case delay
    /// Resets the connection instead of answering.
    case reset
    /// Closes the connection instead of answering.
    case close
    /// Never answers; waits until the peer has gone.
    case blackhole
    /// Sends the answer one byte every `milliseconds`.
    case trickle
    /// Announces the whole length, sends half of it, and closes.
    case shortBody
    /// Sends bytes that are no HTTP.
    case garbage
    /// Answers with another patient under the same shape: a wrong join.
    case wrongPatient
    /// Leaves a field out.
    case droppedField
    /// Lists elements in another order.
    case reorderedArray
    /// Rounds numbers to whole ones.
    case numberPrecision
    /// Tells times an hour late, as a service in another zone does.
    case timeZone
    /// Answers with what a record was before its last change.
    case staleCache
    /// Answers 404 for what is there.
    case wrongStatus
    /// Tells who is online, and says another number wherever it strikes.
    case noise
    /// Tells who is online, and counts one too many wherever it strikes.
    case miscount

    /// What it does, for `--help`.
    var explanation: String {
        switch self {
        case .status500: "answers 500"
        case .status503: "answers 503"
        case .delay: "answers after `milliseconds`"
        case .reset: "resets the connection instead of answering"
        case .close: "closes the connection instead of answering"
        case .blackhole: "never answers"
        case .trickle: "sends the answer one byte every `milliseconds`"
        case .shortBody: "announces the whole length, sends half of it, and closes"
        case .garbage: "sends bytes that are no HTTP"
        case .wrongPatient: "answers with another patient under the same shape"
        case .droppedField: "leaves `status` out"
        case .reorderedArray: "lists elements in another order"
        case .numberPrecision: "rounds numbers to whole ones"
        case .timeZone: "tells times an hour late"
        case .staleCache: "answers with what a record was before its last change"
        case .wrongStatus: "answers 404 for what is there"
        case .noise: "adds `online`, another number wherever it strikes; at random"
        case .miscount: "adds `online`, one too many wherever it strikes"
        }
    }
}

/// A fault and the requests that it strikes.
struct SampleFault: Hashable, Sendable {
    var kind: SampleFaultKind
    /// Of the requests that match, how many it strikes, in `0...1`.
    var rate = 1.0
    /// Strikes at random, the same ones for the same seed; `nil`: evenly spread (noise: at random).
    var seed: Int?
    /// Paths that it strikes begin so.
    var path = "/"
    /// The pause of `delay` and `trickle`.
    var milliseconds = 1_000
    /// Strikes that are left; `nil`: no end.
    var times: Int?

    init(kind: SampleFaultKind) { self.kind = kind }

    /// The fault that a document describes; `nil` for one that is no fault.
    init?(_ document: DocumentValue) {
        guard let kind = document["kind"]?.text.flatMap({ SampleFaultKind(rawValue: $0) }) else {
            return nil
        }
        self.init(kind: kind)
        for member in document.members ?? [] {
            let node = member.node
            switch member.key {
            case "kind": continue
            case "rate":
                guard let rate = node.double, (0...1).contains(rate) else { return nil }
                self.rate = rate
            case "path":
                guard let path = node.text, path.hasPrefix("/") else { return nil }
                self.path = path
            case "milliseconds":
                guard let count = node.integer, (0...600_000).contains(count) else { return nil }
                self.milliseconds = count
            case "times" where node.isNull, "seed" where node.isNull: continue
            case "seed":
                guard let seed = node.integer, seed >= 0 else { return nil }
                self.seed = seed
            case "times":
                guard let times = node.integer, times >= 0 else { return nil }
                self.times = times
            default: return nil
            }
        }
    }

    /// The fault of a flag's value: `delay` or `delay,rate=0.5,milliseconds=200`.
    init?(flag text: String) {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        var document: DocumentValue = ["kind": .string(String(parts[0]))]
        for part in parts.dropFirst() {
            let halves = part.split(separator: "=", maxSplits: 1).map(String.init)
            guard halves.count == 2 else { return nil }
            let isNumber = halves[0] != "path"
            guard !isNumber || Double(halves[1])?.isFinite == true else { return nil }
            document.set(halves[0], isNumber ? .number(halves[1]) : .string(halves[1]))
        }
        self.init(document)
    }

    /// The fault as a document.
    var document: DocumentValue {
        [
            "kind": .string(self.kind.rawValue), "rate": .decimal(self.rate),
            "path": .string(self.path), "milliseconds": .integer(self.milliseconds),
            "times": .optional(self.times), "seed": .optional(self.seed),
        ]
    }
}

/// What strikes one request.
struct SampleStrike: Sendable {
    /// The faults, in the order in which they were asked for.
    var faults: [SampleFault] = []
    /// How many are online; `nil`: no fault in force tells.
    var online: Int?

    /// Whether a fault of this kind is among them.
    func has(_ kind: SampleFaultKind) -> Bool { self.faults.contains { $0.kind == kind } }

    /// The answer that the client gets instead of `response`.
    func spoil(_ response: ControlResponse, isHead: Bool) -> ControlResponse {
        var spoilt = response
        for fault in self.faults {
            spoilt = fault.spoil(spoilt, isHead: isHead)
            // What takes the connection away leaves nothing for the next.
            if case .raw = spoilt.body { break }
        }
        return spoilt
    }
}

/// The faults in force, and when they strike.
final class SampleFaultSwitch: Sendable {
    /// Faults at once.
    static let most = 8
    /// Who is online where nothing is wrong.
    static let online = 12

    private let name: String
    private let entries = Mutex<[Entry]>([])

    private struct Entry {
        var fault: SampleFault
        var credit = 0.0
        var random: SampleRandom

        /// Whether it strikes a request that matches.
        mutating func strikes() -> Bool {
            guard self.fault.times != 0 else { return false }
            if self.fault.kind == .noise || self.fault.seed != nil {
                guard self.random.number(below: 1_000_000) < Int(self.fault.rate * 1_000_000)
                else { return false }
            } else {
                self.credit += self.fault.rate
                // A little less than one: ten times 0.1 is less than one in floating point.
                guard self.credit > 1 - 1e-9 else { return false }
                self.credit -= 1
            }
            if let times = self.fault.times { self.fault.times = times - 1 }
            return true
        }
    }

    /// A switch without faults; those of another name strike at random otherwise.
    init(name: String = "") { self.name = name }

    /// The faults in force.
    var faults: [SampleFault] {
        get { self.entries.withLock { $0.map(\.fault) } }
        set {
            let entries = newValue.enumerated().map { index, fault in
                Entry(
                    fault: fault,
                    random: SampleRandom(
                        seed: UInt64(fault.seed ?? 1),
                        text: "\(self.name) \(index)"
                    )
                )
            }
            self.entries.withLock { $0 = entries }
        }
    }

    /// What strikes this request; counts it.
    func strike(_ path: String) -> SampleStrike {
        self.entries.withLock { entries in
            var strike = SampleStrike()
            for index in entries.indices where path.hasPrefix(entries[index].fault.path) {
                let kind = entries[index].fault.kind
                let tells = kind == .noise || kind == .miscount
                if tells, strike.online == nil { strike.online = Self.online }
                let fault = entries[index].fault
                guard entries[index].strikes() else { continue }
                strike.faults.append(fault)
                switch kind {
                case .noise:
                    strike.online = 1_000 + entries[index].random.number(below: 1_000_000)
                case .miscount: strike.online = Self.online + 1
                default: break
                }
            }
            return strike
        }
    }
}

extension SampleFault {
    /// The answer that the client gets instead of `response`.
    func spoil(_ response: ControlResponse, isHead: Bool) -> ControlResponse {
        switch self.kind {
        case .status500: return self.failed(500, response)
        case .status503: return self.failed(503, response)
        case .delay:
            sleepThread(milliseconds: UInt32(self.milliseconds))
            return response
        case .reset: return .raw { resetOnClose($0) }
        case .close: return .raw { _ in }
        case .blackhole:
            return .raw { fd in
                var rest: [UInt8] = []
                while case .bytes = readBlocking(
                    fd,
                    into: &rest,
                    atMost: 4_096,
                    timeoutMilliseconds: 600_000
                ) { rest = [] }
            }
        case .trickle:
            let bytes = self.plainBytes(response, isHead: isHead)
            let pause = UInt32(self.milliseconds)
            return .raw { fd in
                for byte in bytes {
                    guard case .bytes = writeBlocking(fd, [byte], timeoutMilliseconds: 60_000)
                    else { return }
                    sleepThread(milliseconds: pause)
                }
            }
        case .shortBody:
            let bytes = self.plainBytes(response, isHead: isHead)
            let missing = isHead ? 1 : max(1, response.bytes.count / 2)
            return .raw { fd in
                _ = writeBlocking(fd, Array(bytes.dropLast(missing)), timeoutMilliseconds: 60_000)
            }
        case .wrongStatus: return SampleRecordAnswers.problem(404, "no such record")
        case .wrongPatient, .droppedField, .reorderedArray, .numberPrecision, .timeZone,
            .staleCache, .noise, .miscount:
            // They spoil the record, before it was written (SampleBug.swift).
            return response
        case .garbage:
            return .raw { fd in
                let bytes = Array("\u{1}\u{2}SSH-2.0-not-http\r\n\r\n".utf8)
                _ = writeBlocking(fd, bytes, timeoutMilliseconds: 60_000)
            }
        }
    }

    private func failed(_ status: Int, _ response: ControlResponse) -> ControlResponse {
        var failed = ControlResponse.json(
            #"{"error":"a fault that was asked for"}"#,
            status: status
        )
        failed.headers = response.headers.filter { $0.name.hasPrefix("S") }
        return failed
    }

    /// Head and content with Content-Length, as they would have been sent.
    private func plainBytes(_ response: ControlResponse, isHead: Bool) -> [UInt8] {
        var head = "HTTP/1.1 \(response.status) OK\r\n"
        if let type = response.contentType { head += "Content-Type: \(type)\r\n" }
        for field in response.headers { head += "\(field.name): \(field.value)\r\n" }
        head += "Content-Length: \(response.bytes.count)\r\nConnection: close\r\n\r\n"
        return Array(head.utf8) + (isHead ? [] : response.bytes)
    }
}
