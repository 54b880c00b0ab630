// SPDX-License-Identifier: Apache-2.0

/// Findings about a set of files, written for people, editors, programs or GitHub.
///
/// Problems are written in the order given. Everything that came out of a file is made printable,
/// so that a hostile file cannot send control sequences to a terminal.
public struct ProblemReport {
    /// How findings are written: the values of `-o`.
    public enum Form: String, Sendable, CaseIterable {
        /// A paragraph each, with the line and a caret, and a summary at the end.
        case human
        /// `FILE:LINE:COL: severity: message [CODE]`, one line each.
        case short
        /// One JSON object.
        case json
        /// GitHub workflow commands, shown beside the lines of a pull request.
        case github
    }

    private let problems: [Problem]
    private let fileCount: Int
    private let elapsedMilliseconds: Int
    private let consequence: String
    private let source: (String) -> [UInt8]?

    /// A report about `fileCount` files read in `elapsedMilliseconds`.
    ///
    /// `consequence` ends the summary when something was refused. `source` gives the bytes of a
    /// file named in a problem, for the line above the caret; `nil`: the line is left out.
    public init(
        _ problems: [Problem],
        fileCount: Int,
        elapsedMilliseconds: Int,
        consequence: String = "Nothing was applied.",
        source: @escaping (String) -> [UInt8]?
    ) {
        self.problems = problems
        self.fileCount = fileCount
        self.elapsedMilliseconds = elapsedMilliseconds
        self.consequence = consequence
        self.source = source
    }

    /// Findings that refuse the set.
    public var errorCount: Int { self.problems.count { $0.severity == .error } }

    /// Findings that somebody should look at.
    public var warningCount: Int { self.problems.count { $0.severity == .warning } }

    /// The whole report, ended by a line break when it is not empty.
    public func text(_ form: Form) -> String {
        switch form {
        case .human:
            self.problems.map { self.paragraph($0) }.joined() + self.summary + "\n"
        case .short: self.problems.map { ProblemReport.shortLine($0) + "\n" }.joined()
        case .json: self.document.prettyJSON + "\n"
        case .github: self.problems.map { ProblemReport.workflowCommand($0) + "\n" }.joined()
        }
    }

    /// The last line: what was found in how many files, how fast, and what follows from it.
    public var summary: String {
        func counted(_ number: Int, _ word: String) -> String {
            "\(number) \(word)\(number == 1 ? "" : "s")"
        }
        var parts: [String] = []
        if self.errorCount > 0 { parts.append(counted(self.errorCount, "error")) }
        if self.warningCount > 0 { parts.append(counted(self.warningCount, "warning")) }
        let found = parts.isEmpty ? "no errors" : parts.joined(separator: ", ")
        let tail = self.errorCount > 0 && !self.consequence.isEmpty ? " \(self.consequence)" : ""
        let files = counted(self.fileCount, "file")
        return "\(found) in \(files) (\(self.elapsedMilliseconds) ms).\(tail)"
    }

    /// The report as a JSON value, for answers that hold more than it.
    public var document: DocumentValue {
        [
            "problems": .list(
                self.problems.map { problem in
                    var value: DocumentValue = [
                        "severity": .string(problem.severity.rawValue),
                        "code": .string(problem.code), "message": .string(problem.message),
                        "file": .string(problem.file), "line": .integer(problem.position.line),
                        "column": .integer(problem.position.column),
                        "length": .integer(problem.length),
                    ]
                    if let caret = problem.caret, !caret.isEmpty {
                        value.set("caret", .string(caret))
                    }
                    if !problem.notes.isEmpty { value.set("notes", .list(problem.notes)) }
                    return value
                }
            ),
            "errors": .integer(self.errorCount), "warnings": .integer(self.warningCount),
            "files": .integer(self.fileCount), "milliseconds": .integer(self.elapsedMilliseconds),
        ]
    }

    // MARK: For people

    private func paragraph(_ problem: Problem) -> String {
        let number = String(problem.position.line)
        let width = max(2, number.utf8.count)
        let gutter = String(repeating: " ", count: width)
        var text = "\(problem.severity.rawValue)[\(problem.code)]: \(printable(problem.message))\n"
        text += "\(gutter)--> \(ProblemReport.place(problem))\n"
        if let caret = problem.caret, let line = self.line(of: problem) {
            let excerpt = Excerpt(line: line, column: problem.position.column, of: problem.length)
            let padding = String(repeating: " ", count: width - number.utf8.count)
            let marks = String(repeating: "^", count: excerpt.markCount)
            text += "\(gutter) |\n"
            text += "\(padding)\(number) | \(excerpt.text)\n"
            text += "\(gutter) | \(excerpt.padding)\(marks)"
            text += caret.isEmpty ? "\n" : " \(printable(caret))\n"
            if !problem.notes.isEmpty { text += "\(gutter) |\n" }
        } else if let caret = problem.caret, !caret.isEmpty {
            text += "\(gutter) = \(printable(caret))\n"
        }
        for note in problem.notes { text += "\(gutter) = \(printable(note))\n" }
        return text
    }

    private func line(of problem: Problem) -> [Unicode.Scalar]? {
        guard let bytes = self.source(problem.file) else { return nil }
        // CR LF, LF and CR end a line, as JSON and YAML count them.
        var line = 1
        var index = 0
        var start = 0
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            guard byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") else { continue }
            if line == problem.position.line {
                index -= 1
                break
            }
            if byte == UInt8(ascii: "\r"), index < bytes.count,
                bytes[index] == UInt8(ascii: "\n")
            {
                index += 1
            }
            line += 1
            start = index
        }
        guard line == problem.position.line else { return nil }
        return Array(String(decoding: bytes[start..<index], as: UTF8.self).unicodeScalars)
    }

    // MARK: For programs

    private static func place(_ problem: Problem) -> String {
        "\(printable(problem.file)):\(problem.position.line):\(problem.position.column)"
    }

    private static func shortLine(_ problem: Problem) -> String {
        let severity = problem.severity.rawValue
        return
            "\(self.place(problem)): \(severity): \(printable(problem.message)) [\(problem.code)]"
    }

    private static func workflowCommand(_ problem: Problem) -> String {
        func escaped(_ text: String, isProperty: Bool) -> String {
            var result = ""
            for scalar in text.unicodeScalars {
                switch scalar {
                case "%": result += "%25"
                case "\r": result += "%0D"
                case "\n": result += "%0A"
                case ":" where isProperty: result += "%3A"
                case "," where isProperty: result += "%2C"
                default: result.unicodeScalars.append(scalar)
                }
            }
            return result
        }
        let caret = problem.caret.map { $0.isEmpty ? [] : [$0] } ?? []
        let message = ([problem.message] + caret + problem.notes).map { printable($0) }
        let file = escaped(printable(problem.file), isProperty: true)
        let place = "line=\(problem.position.line),col=\(problem.position.column)"
        let title = escaped(problem.code, isProperty: true)
        let text = escaped(message.joined(separator: "\n"), isProperty: false)
        return "::\(problem.severity.rawValue) file=\(file),\(place),title=\(title)::\(text)"
    }
}

/// A text with control characters replaced, so that it cannot steer a terminal.
public func printable(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isControl) else { return text }
    var result = ""
    for scalar in text.unicodeScalars {
        result.unicodeScalars.append(isControl(scalar) ? "\u{FFFD}" : scalar)
    }
    return result
}

private func isControl(_ scalar: Unicode.Scalar) -> Bool {
    // C0, DEL, C1 and the characters that turn the direction of writing around.
    switch scalar.value {
    case 0..<0x20, 0x7F..<0xA0, 0x202A...0x202E, 0x2066...0x2069: true
    default: false
    }
}

/// The part of a source line that is shown, and the caret's place under it.
private struct Excerpt {
    /// The line, or its part around the caret when it is longer than people read.
    let text: String
    /// White space as wide as what stands before the caret.
    let padding: String
    /// Carets to draw.
    let markCount: Int

    private static let widthMax = 120

    init(line: [Unicode.Scalar], column: Int, of length: Int) {
        let target = min(max(0, column - 1), line.count)
        var start = 0
        var end = line.count
        if line.count > Excerpt.widthMax {
            start = max(0, min(target - Excerpt.widthMax / 2, line.count - Excerpt.widthMax))
            end = start + Excerpt.widthMax
        }
        let lead = start > 0 ? "…" : ""
        var text = lead
        var padding = start > 0 ? " " : ""
        for (index, scalar) in zip(start..., line[start..<end]) {
            let isTab = scalar == "\t"
            text.unicodeScalars.append(isTab || !isControl(scalar) ? scalar : "\u{FFFD}")
            if index < target { padding += isTab ? "\t" : " " }
        }
        self.text = text + (end < line.count ? "…" : "")
        self.padding = padding
        self.markCount = max(1, min(length, end - target))
    }
}
