// SPDX-License-Identifier: Apache-2.0

import Bytes
import Migration
public import Parity
import Wire

/// One observation as the compare threads take it: names, both answers, and where it came from.
public struct ObservedExchange: Sendable {
    /// What is to be compared.
    public var exchange: CapturedExchange
    /// A client waits for the result (`dual`, `answer: agreed`).
    public var isAgreed: Bool
    let worker: Int
    let slot: UInt32
    let serial: UInt32
}

extension ObservationArena {
    /// Copies a published slot and gives it back, unless a client waits for its comparison.
    func observed(_ slot: UInt32, worker: Int) -> ObservedExchange {
        let record = self.record(slot)
        var exchange = CapturedExchange(
            observation: self.observation(slot, record),
            legacy: self.answer(slot, record.legacy),
            modern: self.answer(slot, record.modern)
        )
        exchange.legacyRequest = self.request(slot, record.legacy)
        exchange.modernRequest = self.request(slot, record.modern)
        exchange.legacyHost = host(ofRequest: exchange.legacyRequest)
        exchange.modernHost = host(ofRequest: exchange.modernRequest)
        exchange.legacyAddress = record.legacy.addressBytes
        exchange.modernAddress = record.modern.addressBytes
        exchange.hasRequestBody = record.hasRequestBody
        exchange.readsAgain = record.readsAgain
        if !record.isAgreed { self.giveBack(slot) }
        return ObservedExchange(
            exchange: exchange,
            isAgreed: record.isAgreed,
            worker: worker,
            slot: slot,
            serial: record.serial
        )
    }

    private func observation(_ slot: UInt32, _ record: ObservationRecord) -> ParityObservation {
        var at = 0
        func name(_ count: UInt16) -> String {
            defer { at += Int(count) }
            return String(decoding: self.bytes(slot, at, Int(count)), as: UTF8.self)
        }
        let tenant = name(record.tenantCount)
        let migration = name(record.migrationCount)
        let route = name(record.routeCount)
        let operation = name(record.operationCount)
        var observation = ParityObservation(
            source: record.source,
            tenant: tenant,
            wave: "",
            migration: migration,
            route: route,
            operation: operation,
            outcome: .unobserved,
            reason: record.reason,
            requestDigest: littleEndian(record.firstDigest) + littleEndian(record.secondDigest),
            unixMilliseconds: Int64(record.unixMilliseconds),
            generation: record.generation
        )
        observation.legacyStatus = record.legacy.status
        observation.modernStatus = record.modern.status
        observation.legacyMicroseconds = record.legacy.microseconds
        observation.modernMicroseconds = record.modern.microseconds
        return observation
    }

    private func request(_ slot: UInt32, _ part: ObservationPart) -> [UInt8] {
        self.bytes(slot, Int(part.start), Int(part.requestCount))
    }

    private func answer(_ slot: UInt32, _ part: ObservationPart) -> CapturedAnswer {
        let start = Int(part.start &+ part.requestCount)
        var end = part.end
        var fields: [CapturedField] = []
        if part.headCount > 0 {
            let head = self.bytes(slot, start, Int(part.headCount))
            guard let parsed = capturedFields(ofHead: head) else {
                return CapturedAnswer(end: .failed, microseconds: part.microseconds)
            }
            fields = parsed
        } else if end == .complete {
            end = .failed
        }
        return CapturedAnswer(
            end: end,
            status: part.status,
            fields: fields,
            body: self.bytes(slot, Int(part.bodyStart), Int(part.bodyCount)),
            microseconds: part.microseconds
        )
    }
}

private func littleEndian(_ word: UInt64) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) }
}

/// The fields of an answer's head; `nil` when it is no HTTP (the worker has checked it once).
func capturedFields(ofHead head: [UInt8]) -> [CapturedField]? {
    withWindow(head) { window in
        var table = FieldTable()
        do throws(WireError) {
            _ = try parseResponseHead(window, into: &table, requestMethod: .get)
        } catch {
            return nil
        }
        var fields: [CapturedField] = []
        fields.reserveCapacity(table.count)
        for index in 0..<table.count {
            let field = table[index]
            var name = window.slice(Int(field.nameStart), Int(field.nameLength)).array
            for place in name.indices { name[place] = asciiLowercased(name[place]) }
            fields.append(
                CapturedField(
                    String(decoding: name, as: UTF8.self),
                    window.slice(Int(field.valueStart), Int(field.valueLength)).text
                )
            )
        }
        return fields
    }
}

/// The value of `host` of a request head that Banyan wrote: always the second line.
private func host(ofRequest head: [UInt8]) -> String {
    guard let line = head.firstIndex(of: 0x0a) else { return "" }
    let mark = Array("host: ".utf8)
    let rest = head[(line + 1)...]
    guard rest.starts(with: mark) else { return "" }
    let value = rest.dropFirst(mark.count).prefix { $0 != 0x0d }
    return String(decoding: value, as: UTF8.self)
}
