// SPDX-License-Identifier: Apache-2.0

/// Rows under a heading, columns as wide as they need to be.
struct TextTable {
    private var rows: [[String]]

    /// A table with these headings.
    init(_ headings: [String]) { self.rows = [headings] }

    /// Appends a row; empty cells become `-`.
    mutating func append(_ cells: [String]) {
        self.rows.append(cells.map { $0.isEmpty ? "-" : printable($0) })
    }

    /// Rows without the heading.
    var count: Int { self.rows.count - 1 }

    /// The text, every line ended.
    var text: String {
        var widths = [Int](repeating: 0, count: self.rows[0].count)
        for row in self.rows {
            for (index, cell) in row.enumerated() { widths[index] = max(widths[index], cell.count) }
        }
        var text = ""
        for row in self.rows {
            var line = ""
            for (index, cell) in row.enumerated() { line += pad(cell, widths[index]) + "  " }
            while line.hasSuffix(" ") { line.removeLast() }
            text += line + "\n"
        }
        return text
    }
}

/// A number and its noun: `1 row`, `2 rows`.
func counted(_ number: Int, _ noun: String) -> String {
    "\(number) \(noun)\(number == 1 ? "" : "s")"
}
