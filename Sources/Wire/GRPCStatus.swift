// SPDX-License-Identifier: Apache-2.0
public import Bytes

/// The outcome of a gRPC call as its `grpc-status` tells it: in the trailers, or in a head that
/// ends the stream ("trailers-only").
///
/// HTTP knows nothing of it: a call that failed is answered 200.
public struct GRPCStatus: BitwiseCopyable, Sendable, Equatable {
    /// 0 (OK) to 16 (UNAUTHENTICATED), ``unreadable``'s 17, or ``none``'s 255.
    public let number: UInt8

    /// None has come.
    public static var none: GRPCStatus { GRPCStatus(255) }
    /// A value that is no number, or one that gRPC does not define: clients read it as UNKNOWN.
    public static var unreadable: GRPCStatus { GRPCStatus(17) }
    /// Different statuses that can come, ``unreadable`` included.
    public static let count = 18

    private init(_ number: UInt8) { self.number = number }

    /// The status that a field's value tells: one or two digits, 0 to 16.
    public init(value: ByteWindow) {
        var number: UInt8 = 0
        var isGood = value.count == 1 || value.count == 2
        for index in 0..<min(value.count, 2) {
            let digit = value[index] &- 0x30
            if digit > 9 { isGood = false }
            number = number &* 10 &+ digit
        }
        self.number = isGood && number <= 16 ? number : GRPCStatus.unreadable.number
    }

    /// The status among a head's fields; ``none`` when it is not there.
    ///
    /// The last field counts: a proxy in front may have added one before.
    public init(fields: borrowing FieldTable, of head: ByteWindow) {
        self = .none
        for index in 0..<fields.count where fields[index].name == .other {
            let slot = fields[index]
            let name = head.slice(Int(slot.nameStart), Int(slot.nameLength))
            guard name.equalsIgnoringCase("grpc-status") else { continue }
            self.init(value: head.slice(Int(slot.valueStart), Int(slot.valueLength)))
        }
    }

    /// The status among field lines (`name: value CRLF`); ``none`` when it is not there.
    public init(lines: ByteWindow) {
        self = .none
        var at = 0
        while let field = nextTrailer(lines, at: &at) {
            guard field.name.equalsIgnoringCase("grpc-status") else { continue }
            self.init(value: field.value)
        }
    }

    /// The HTTP status that says the same of the origin, or 200 where it is not to blame.
    ///
    /// UNKNOWN, INTERNAL and DATA_LOSS are 500, UNAVAILABLE is 503, as `google.rpc.Code` maps them.
    /// DEADLINE_EXCEEDED is no fault of the origin, since the client sets the deadline, nor is
    /// UNIMPLEMENTED, the 404 of gRPC: a client could have endpoints ejected with either.
    public var httpStatus: UInt16 {
        switch self.number {
        case 2, 13, 15: 500
        case 14: 503
        default: 200
        }
    }

    /// Whether an answer is a gRPC call's: its Content-Type is `application/grpc`, also with a
    /// suffix (`+proto`) or parameters; not `application/grpc-web`, whose status is in its content.
    public static func isCall(fields: borrowing FieldTable, of head: ByteWindow) -> Bool {
        guard let index = fields.firstIndex(of: .contentType) else { return false }
        let slot = fields[index]
        let value = head.slice(Int(slot.valueStart), Int(slot.valueLength))
        let count = 16
        guard value.count >= count,
            value.slice(0, count).equalsIgnoringCase("application/grpc")
        else { return false }
        guard value.count > count else { return true }
        let next = value[count]
        return next == 0x2b || next == ASCII.semicolon || ASCII.isBlank(next)
    }

    /// The name that gRPC gives the status; `other` for what it does not define.
    public var word: StaticString {
        switch self.number {
        case 0: "OK"
        case 1: "CANCELLED"
        case 2: "UNKNOWN"
        case 3: "INVALID_ARGUMENT"
        case 4: "DEADLINE_EXCEEDED"
        case 5: "NOT_FOUND"
        case 6: "ALREADY_EXISTS"
        case 7: "PERMISSION_DENIED"
        case 8: "RESOURCE_EXHAUSTED"
        case 9: "FAILED_PRECONDITION"
        case 10: "ABORTED"
        case 11: "OUT_OF_RANGE"
        case 12: "UNIMPLEMENTED"
        case 13: "INTERNAL"
        case 14: "UNAVAILABLE"
        case 15: "DATA_LOSS"
        case 16: "UNAUTHENTICATED"
        default: "other"
        }
    }

    /// Every status that can come, ``unreadable`` last.
    public static var all: [GRPCStatus] { (0..<UInt8(self.count)).map { GRPCStatus($0) } }
}
