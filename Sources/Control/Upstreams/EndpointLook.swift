// SPDX-License-Identifier: Apache-2.0

import Bytes
import Glibc
import Kernel
import Migration
import Wire

/// Looks at an endpoint once, within the check's time; blocks.
///
/// `nil`: it is well.
func lookAtEndpoint(_ check: EndpointCheck) -> EndpointProblem? {
    do throws(EndpointProblem) {
        let line = try CheckLine(
            to: check.address,
            timeoutMilliseconds: check.rules.timeoutMilliseconds
        )
        switch check.rules.kind {
        case .tcp: return nil
        case .http: return try askHTTP(line, check)
        case .grpc: return .malformed
        }
    } catch {
        return error
    }
}

/// GET, and the status of the final answer.
private func askHTTP(
    _ line: borrowing CheckLine,
    _ check: EndpointCheck
) throws(EndpointProblem) -> EndpointProblem? {
    try line.write(
        Array(
            ("GET \(check.rules.path) HTTP/1.1\r\nhost: \(check.host)\r\n"
                + "user-agent: banyan-health\r\naccept: */*\r\nconnection: close\r\n\r\n").utf8
        )
    )
    var bytes: [UInt8] = []
    for _ in 0...Limits.interimResponsesMax {
        let (status, length) = try readHead(line, &bytes)
        if status >= 200 {
            let isWell = (check.rules.statusMin...check.rules.statusMax).contains(status)
            return isWell ? nil : .status(status)
        }
        bytes.removeFirst(length)
    }
    return .malformed
}

/// The status of the next head, and its length; `bytes` keeps what has come.
private func readHead(
    _ line: borrowing CheckLine,
    _ bytes: inout [UInt8]
) throws(EndpointProblem) -> (status: Int, length: Int) {
    while true {
        var fields = FieldTable()
        let result = withWindow(bytes) { window -> Result<(Int, Int)?, EndpointProblem> in
            do throws(WireError) {
                guard let end = try responseHeadEnd(window, scannedFrom: 0) else {
                    return .success(nil)
                }
                let head = try parseResponseHead(
                    window.slice(0, end),
                    into: &fields,
                    requestMethod: .get
                )
                return .success((Int(head.status), end))
            } catch {
                return .failure(.malformed)
            }
        }
        if let found = try result.get() { return found }
        guard bytes.count < Limits.healthAnswerBytesMax else { throw .malformed }
        try line.read(into: &bytes, atMost: Limits.healthAnswerBytesMax - bytes.count)
    }
}
