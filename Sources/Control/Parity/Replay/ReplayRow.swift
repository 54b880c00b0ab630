// SPDX-License-Identifier: Apache-2.0

/// How a file that is replayed is written.
public enum ReplayFormat: String, Sendable, CaseIterable {
    /// HTTP Archive 1.2: what browsers and proxies export.
    case har
    /// Banyan's own access log: patterns, so only rows without variables can be replayed.
    case banyan
    /// nginx's `combined`, with or without a virtual host in front.
    case nginx
    /// `[METHOD] URL [TENANT]`, one a line; `#` begins a comment.
    case text
    /// A heading with `url`, maybe `tenant`, `method`, `user`.
    case csv
    /// An object a line: `url`, maybe `tenant`, `method`, `user`, `headers`.
    case jsonl
}

/// What keeps a row from being a request.
public enum ReplayRowProblem: String, Error, Sendable, CaseIterable {
    /// It is not written as the file's format says.
    case malformed
    /// It is longer than `Limits.replayRowBytesMax`.
    case tooLong = "too_long"
    /// It says what was asked only as a pattern.
    case noPath = "no_path"
    /// Its method is not safe: skipped, not a failure.
    case unsafeMethod = "unsafe_method"
}

/// One row of a file that is replayed.
public struct ReplayRow: Sendable {
    /// 1 for the first.
    public var number: Int
    /// Bytes of the file up to the row's end.
    public var endOffset: UInt64
    /// Digest of those bytes.
    public var prefixDigest: [UInt8]
    /// The request, or why there is none.
    public var request: Result<ExplainOrder, ReplayRowProblem>
    /// Its path is a route's pattern out of an access log.
    public var isPattern = false
}

/// What rows leave out, from the command line.
public struct ReplayDefaults: Sendable, Hashable {
    /// Tenant of rows without one.
    public var tenant: String?
    /// `https://host` for rows that say only a path.
    public var base: String?

    /// Nothing.
    public init() {}
}

/// Reads one row's text by its format.
struct ReplayRowReader {
    let format: ReplayFormat
    let defaults: ReplayDefaults
    /// Columns of a CSV file.
    var columns: [String] = []

    /// Whether a line is no row at all: empty, or a comment.
    func isSkipped(_ line: [UInt8]) -> Bool {
        guard let first = line.first(where: { $0 != 0x20 && $0 != 0x09 }) else { return true }
        return self.format == .text && first == UInt8(ascii: "#")
    }

    func request(_ line: [UInt8]) throws(ReplayRowProblem) -> ExplainOrder {
        guard let text = String(validating: line, as: UTF8.self) else { throw .malformed }
        switch self.format {
        case .text: return try self.plain(text)
        case .csv: return try self.separated(text)
        case .nginx: return try self.combined(text)
        case .har, .banyan, .jsonl: return try self.object(line)
        }
    }

    /// A request from its parts; methods that change something end here.
    func order(
        method: String?,
        url: String?,
        tenant: String?,
        user: String? = nil,
        headers: [ControlField] = []
    ) throws(ReplayRowProblem) -> ExplainOrder {
        let method = method?.uppercased() ?? "GET"
        guard var url, !url.isEmpty, !method.isEmpty else { throw .malformed }
        let isToken = method.utf8.allSatisfy {
            (0x41...0x5a).contains($0) || $0 == 0x2d || $0 == 0x5f
        }
        guard isToken, method.utf8.count <= 32 else { throw .malformed }
        guard ["GET", "HEAD", "OPTIONS"].contains(method) else { throw .unsafeMethod }
        if url.hasPrefix("/"), let base = self.defaults.base { url = base + url }
        guard url.hasPrefix("/") || url.hasPrefix("http://") || url.hasPrefix("https://") else {
            throw .malformed
        }
        // The edge reads a request line: what would break it is no URL.
        guard url.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else { throw .malformed }
        var order = ExplainOrder(method: method, url: url)
        let named = tenant.flatMap { $0.isEmpty || $0 == "-" || $0 == "*" ? nil : $0 }
        order.tenant = named ?? self.defaults.tenant
        order.user = user.flatMap { $0.isEmpty ? nil : $0 }
        order.headers = headers
        return order
    }

    // MARK: Lines

    /// `[METHOD] URL [TENANT]`.
    private func plain(_ text: String) throws(ReplayRowProblem) -> ExplainOrder {
        var words = text.split(whereSeparator: { $0 == " " || $0 == "\t" }).map(String.init)
        var method: String?
        if words.count > 1, !ReplayRowReader.isURL(words[0]), ReplayRowReader.isURL(words[1]) {
            method = words.removeFirst()
        }
        guard (1...2).contains(words.count), ReplayRowReader.isURL(words[0]) else {
            throw .malformed
        }
        return try self.order(
            method: method,
            url: words[0],
            tenant: words.count > 1 ? words[1] : nil
        )
    }

    private static func isURL(_ word: String) -> Bool {
        word.hasPrefix("/") || word.hasPrefix("http://") || word.hasPrefix("https://")
    }

    private func separated(_ text: String) throws(ReplayRowProblem) -> ExplainOrder {
        guard let cells = separatedValues(text), cells.count <= self.columns.count else {
            throw .malformed
        }
        func cell(_ names: String...) -> String? {
            for (name, value) in zip(self.columns, cells) where names.contains(name) {
                return value.isEmpty ? nil : value
            }
            return nil
        }
        return try self.order(
            method: cell("method"),
            url: cell("url", "path"),
            tenant: cell("tenant"),
            user: cell("user")
        )
    }

    /// `[HOST] ADDRESS - USER [TIME] "METHOD TARGET HTTP/1.1" STATUS BYTES "..." "..."`.
    private func combined(_ text: String) throws(ReplayRowProblem) -> ExplainOrder {
        let parts = text.split(separator: "\"", omittingEmptySubsequences: false)
        guard parts.count >= 3, let bracket = parts[0].firstIndex(of: "[") else {
            throw .malformed
        }
        let words = parts[1].split(separator: " ")
        guard words.count == 3, words[2].hasPrefix("HTTP/") else { throw .malformed }
        var url = String(words[1])
        let before = parts[0][..<bracket].split(separator: " ")
        if before.count == 4, url.hasPrefix("/"), self.defaults.base == nil {
            url = "http://\(before[0])\(url)"
        }
        return try self.order(method: String(words[0]), url: url, tenant: nil)
    }
}

/// The cells of one line of CSV (RFC 4180, no line breaks in cells); `nil`: a quote is open.
func separatedValues(_ text: String) -> [String]? {
    var cells: [String] = []
    var cell = ""
    var isQuoted = false
    var wasQuoted = false
    var rest = Substring(text)
    while let character = rest.popFirst() {
        switch (character, isQuoted) {
        case ("\"", true):
            if rest.first == "\"" {
                cell.append("\"")
                rest.removeFirst()
            } else {
                isQuoted = false
                wasQuoted = true
            }
        case ("\"", false):
            guard cell.isEmpty, !wasQuoted else { return nil }
            isQuoted = true
        case (",", false):
            cells.append(cell)
            cell = ""
            wasQuoted = false
        case (_, false) where wasQuoted: return nil
        default: cell.append(character)
        }
    }
    guard !isQuoted else { return nil }
    return cells + [cell]
}
