// SPDX-License-Identifier: Apache-2.0

import Bytes
import Wire

/// The reason phrase of the statuses that Banyan itself sends.
func reasonPhrase(_ status: UInt16) -> StaticString {
    switch status {
    case 301: "Moved Permanently"
    case 307: "Temporary Redirect"
    case 308: "Permanent Redirect"
    case 400: "Bad Request"
    case 403: "Forbidden"
    case 404: "Not Found"
    case 405: "Method Not Allowed"
    case 408: "Request Timeout"
    case 410: "Gone"
    case 413: "Content Too Large"
    case 414: "URI Too Long"
    case 417: "Expectation Failed"
    case 431: "Request Header Fields Too Large"
    case 500: "Internal Server Error"
    case 501: "Not Implemented"
    case 502: "Bad Gateway"
    case 503: "Service Unavailable"
    case 504: "Gateway Timeout"
    case 505: "HTTP Version Not Supported"
    default: "Error"
    }
}

/// The stable code of a refused request, by its status.
func problemCode(of status: UInt16) -> StaticString {
    switch status {
    case 400: "BAD_REQUEST"
    case 404: "NO_ROUTE"
    case 408: "TOO_SLOW"
    case 410: "GONE"
    case 414: "TARGET_TOO_LONG"
    case 417: "EXPECTATION_FAILED"
    case 431: "HEAD_TOO_LONG"
    case 501: "NOT_IMPLEMENTED"
    case 502: "UPSTREAM_FAILED"
    case 503: "UNAVAILABLE"
    case 504: "UPSTREAM_TIMED_OUT"
    case 505: "VERSION_NOT_SUPPORTED"
    default: "REFUSED"
    }
}

/// Appends a whole `application/problem+json` answer (RFC 9457): status, title, code; no details,
/// so that nothing of the request can leak into it.
func appendProblem(
    status: UInt16,
    code: StaticString,
    isHead: Bool,
    closes: Bool,
    _ writer: inout ByteWriter
) {
    appendProblemHead(status: status, code: code, closes: closes, &writer)
    appendProblemEnd(status: status, code: code, isHead: isHead, &writer)
}

/// The first lines of such an answer: others may follow.
func appendProblemHead(
    status: UInt16,
    code: StaticString,
    closes: Bool,
    _ writer: inout ByteWriter
) {
    let title = reasonPhrase(status)
    writer.append("HTTP/1.1 ")
    writer.append(decimal: UInt64(status))
    writer.append(0x20)
    writer.append(title)
    writer.append("\r\ncontent-type: application/problem+json\r\ncache-control: no-store\r\n")
    if status == 503 { writer.append("retry-after: 1\r\n") }
    if closes { writer.append("connection: close\r\n") }
    writer.append("content-length: ")
    let body = 41 + title.utf8CodeUnitCount + code.utf8CodeUnitCount
    writer.append(decimal: UInt64(body))
    writer.append("\r\n")
}

/// The end of its head, and its document.
func appendProblemEnd(
    status: UInt16,
    code: StaticString,
    isHead: Bool,
    _ writer: inout ByteWriter
) {
    writer.append("\r\n")
    guard !isHead else { return }
    // {"status":502,"title":"…","code":"…"} and a newline: 41 bytes and the two words.
    writer.append("{\"status\": ")
    writer.append(decimal: UInt64(status))
    writer.append(", \"title\": \"")
    writer.append(reasonPhrase(status))
    writer.append("\", \"code\": \"")
    writer.append(code)
    writer.append("\"}\n")
}
