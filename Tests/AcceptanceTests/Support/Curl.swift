// SPDX-License-Identifier: Apache-2.0

import Foundation

/// An answer as curl saw it, a client that we did not write.
struct CurlAnswer: Sendable {
    /// curl's exit status: 0, or 52 (empty answer), 56 (reset), 18 (cut short), ...
    var exit: Int32
    /// Status code; 0 when there was none.
    var status: Int
    /// Field lines of the last head, names in lower case.
    var fields: [(name: String, value: String)]
    /// The body.
    var body: Data

    /// The first value of a field.
    func field(_ name: String) -> String? {
        self.fields.first { $0.name == name.lowercased() }?.value
    }

    /// The body as text.
    var text: String { String(decoding: self.body, as: UTF8.self) }
}

/// Asks with curl; `arguments` end with the URL.
func curl(_ arguments: [String], seconds: Double = 30) throws -> CurlAnswer {
    let folder = try TemporaryFolder()
    let result = try runCommand(
        "curl",
        [
            "--silent", "--show-error", "--noproxy", "*", "--max-time", "\(Int(seconds))",
            "--dump-header", folder.path("head"), "--output", folder.path("body"),
            "--write-out", "%{http_code}",
        ] + arguments,
        seconds: seconds + 5
    )
    // After redirects the file holds every head; the last one counts.
    let heads = folder.read("head").components(separatedBy: "\r\n\r\n").filter { !$0.isEmpty }
    let fields = (heads.last ?? "").components(separatedBy: "\r\n").dropFirst().compactMap {
        line -> (name: String, value: String)? in
        let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        return (parts[0].lowercased(), parts[1].trimmingCharacters(in: .whitespaces))
    }
    let body = FileManager.default.contents(atPath: folder.path("body")) ?? Data()
    return CurlAnswer(
        exit: result.status,
        status: Int(result.out) ?? 0,
        fields: fields,
        body: body
    )
}
