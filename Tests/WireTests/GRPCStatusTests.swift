// SPDX-License-Identifier: Apache-2.0
import Bytes
import Testing
import Wire

@Suite("gRPC status")
struct GRPCStatusTests {
    private func status(_ value: String) -> GRPCStatus {
        withWindow(Array(value.utf8)) { GRPCStatus(value: $0) }
    }

    @Test func `a status is one or two digits up to 16, everything else cannot be read`() {
        for number in 0...16 {
            #expect(self.status("\(number)").number == UInt8(number))
        }
        let bad = ["", "17", "99", "255", "256", "014", "-1", "+1", "1 ", "0x", "OK", "1.", "٣"]
        for value in bad { #expect(self.status(value) == .unreadable, "\(value)") }
    }

    @Test func `only what the origin is to blame for counts as 5xx`() {
        let blamed: [UInt8: UInt16] = [2: 500, 13: 500, 14: 503, 15: 500]
        for status in GRPCStatus.all {
            #expect(status.httpStatus == blamed[status.number] ?? 200, "\(status.word)")
        }
        #expect(GRPCStatus.none.httpStatus == 200)
        #expect(Set(GRPCStatus.all.map { "\($0.word)" }).count == GRPCStatus.count)
    }

    @Test func `the status is found among lines, the last one counts`() {
        let rows: [(String, GRPCStatus)] = [
            ("", .none), ("a: b\r\n", .none), ("grpc-status: 0\r\n", self.status("0")),
            ("a: b\r\nGRPC-Status:14 \r\ngrpc-message: x\r\n", self.status("14")),
            ("grpc-status: 0\r\ngrpc-status: 5\r\n", self.status("5")),
            ("grpc-status-details-bin: 5\r\n", .none), ("grpc-status: x\r\n", .unreadable),
        ]
        for (lines, expected) in rows {
            #expect(withWindow(Array(lines.utf8)) { GRPCStatus(lines: $0) } == expected, "\(lines)")
        }
    }

    @Test func `an answer is a call's by its Content-Type`() throws {
        let rows: [(String, Bool)] = [
            ("application/grpc", true), ("Application/GRPC", true),
            ("application/grpc+proto", true),
            ("application/grpc;v=1", true), ("application/grpc ; v=1", true),
            ("application/grpc-web", false), ("application/grpc-web+proto", false),
            ("application/grp", false), ("application/json", false), ("", false),
        ]
        for (type, isCall) in rows {
            var fields = FieldTable()
            let head = "HTTP/1.1 200 \r\ncontent-type: \(type)\r\ngrpc-status: 7\r\n\r\n"
            try withBytes(Array(head.utf8)) { window throws(WireError) in
                _ = try parseResponseHead(window, into: &fields, requestMethod: .post)
                #expect(GRPCStatus.isCall(fields: fields, of: window) == isCall, "\(type)")
                #expect(GRPCStatus(fields: fields, of: window).number == 7)
            }
        }
    }
}
