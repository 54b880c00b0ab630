// SPDX-License-Identifier: Apache-2.0

import Bytes
import Kernel
import Migration
import Wire

/// Looks at an endpoint once, within the check's time; blocks.
///
/// `nil`: it is well.
func lookAtEndpoint(_ check: EndpointCheck) -> EndpointProblem? {
    do throws(EndpointProblem) {
        var line = try CheckLine.open(
            to: check.address,
            timeoutMilliseconds: check.rules.timeoutMilliseconds,
            tls: check.tls
        )
        switch check.rules.kind {
        case .tcp: return nil
        case .http: return try askHTTP(&line, check)
        case .grpc: return try askGRPC(&line, check)
        }
    } catch {
        return error
    }
}

// MARK: HTTP

/// GET, and the status of the final answer.
private func askHTTP(
    _ line: inout CheckLine,
    _ check: EndpointCheck
) throws(EndpointProblem) -> EndpointProblem? {
    let head =
        "GET \(check.rules.path) HTTP/1.1\r\nhost: \(check.host)\r\n"
        + "user-agent: banyan-health\r\naccept: */*\r\n"
    let status =
        check.speaksHTTP2
        ? try CheckHTTP2.ask(
            &line,
            head: Array((head + "\r\n").utf8),
            body: [],
            needsHeadOnly: true
        ).status
        : try askHTTP1(&line, head + "connection: close\r\n\r\n")
    guard status > 0 else { return .closed }
    let isWell = (check.rules.statusMin...check.rules.statusMax).contains(status)
    return isWell ? nil : .status(status)
}

private func askHTTP1(
    _ line: inout CheckLine,
    _ head: String
) throws(EndpointProblem) -> Int {
    try line.write(Array(head.utf8))
    var bytes: [UInt8] = []
    for _ in 0...Limits.interimResponsesMax {
        let (status, length) = try readHead(&line, &bytes)
        if status >= 200 { return status }
        bytes.removeFirst(length)
    }
    throw .malformed
}

/// The status of the next head, and its length; `bytes` keeps what has come.
private func readHead(
    _ line: inout CheckLine,
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

// MARK: gRPC

/// `grpc.health.v1.Health/Check`: it serves, or not.
private func askGRPC(
    _ line: inout CheckLine,
    _ check: EndpointCheck
) throws(EndpointProblem) -> EndpointProblem? {
    let head =
        "POST \(GRPCHealth.path) HTTP/1.1\r\nhost: \(check.host)\r\n"
        + "content-type: application/grpc\r\nte: trailers\r\nuser-agent: banyan-health\r\n\r\n"
    let answer = try CheckHTTP2.ask(
        &line,
        head: Array(head.utf8),
        body: GRPCHealth.request(service: check.rules.service),
        needsHeadOnly: false
    )
    guard answer.status > 0 else { return .closed }
    guard answer.status == 200 else { return .status(answer.status) }
    guard answer.isComplete, let status = answer.grpcStatus else { return .malformed }
    guard status == 0 else { return .grpcStatus(status) }
    guard let serving = GRPCHealth.status(answer.body) else { return .malformed }
    return serving == 1 ? nil : .notServing
}
