// SPDX-License-Identifier: Apache-2.0

/// The messages of `grpc.health.v1.Health/Check`, as few as there are: framed by five bytes (a flag
/// and the length), in protobuf's wire format.
enum GRPCHealth {
    static let path = "/grpc.health.v1.Health/Check"

    /// `HealthCheckRequest { string service = 1; }`; `service` has 255 bytes at most.
    static func request(service: String) -> [UInt8] {
        let name = Array(service.utf8)
        precondition(name.count <= 255, "\(name.count) bytes")
        guard !name.isEmpty else { return [0, 0, 0, 0, 0] }
        let length: [UInt8] =
            name.count < 128
            ? [UInt8(name.count)] : [UInt8(name.count & 0x7f) | 0x80, UInt8(name.count >> 7)]
        let message = [0x0a] + length + name
        return [0, 0, 0, UInt8(message.count >> 8), UInt8(message.count & 0xff)] + message
    }

    /// The number of `HealthCheckResponse { ServingStatus status = 1; }`: 1 is SERVING, 0 (also
    /// when the field is absent) unknown.
    ///
    /// `nil`: this is no such message, or a compressed one, which nobody asked for.
    static func status(_ body: [UInt8]) -> UInt64? {
        guard body.count >= 5, body[0] == 0 else { return nil }
        let length = body[1..<5].reduce(0) { $0 << 8 | Int($1) }
        guard length == body.count - 5 else { return nil }
        var rest = body[5...]
        var status: UInt64 = 0
        while !rest.isEmpty {
            guard let key = varint(&rest) else { return nil }
            switch key & 7 {
            case 0:
                guard let value = varint(&rest) else { return nil }
                if key >> 3 == 1 { status = value }
            case 1:
                guard rest.count >= 8 else { return nil }
                rest = rest.dropFirst(8)
            case 2:
                guard let count = varint(&rest), count <= UInt64(rest.count) else { return nil }
                rest = rest.dropFirst(Int(count))
            case 5:
                guard rest.count >= 4 else { return nil }
                rest = rest.dropFirst(4)
            default: return nil
            }
        }
        return status
    }

    private static func varint(_ bytes: inout ArraySlice<UInt8>) -> UInt64? {
        var value: UInt64 = 0
        for index in 0..<10 {
            guard let byte = bytes.popFirst() else { return nil }
            if index == 9, byte > 1 { return nil }
            value |= UInt64(byte & 0x7f) << UInt64(7 * index)
            if byte & 0x80 == 0 { return value }
        }
        return nil
    }
}
