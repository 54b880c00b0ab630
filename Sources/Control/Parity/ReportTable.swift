// SPDX-License-Identifier: Apache-2.0

import Documents

/// A table of a report, before it is written as text, CSV or HTML.
struct ReportTable: Sendable {
    /// How a column stands.
    enum Side: Sendable {
        /// Words that may be broken: pointers, sentences.
        case left
        /// One short word, never broken.
        case word
        /// Numbers.
        case right
    }

    /// A column's heading.
    struct Column: Sendable {
        var heading: String
        var side: Side
    }

    /// Above the table.
    var title: String
    /// The columns.
    var columns: [Column]
    /// Cells by row, as many as columns.
    private(set) var rows: [[String]] = []
    /// Rows that were left out.
    var leftOut = 0

    /// An empty table; a heading that begins with `>` is a column of numbers, one that begins with
    /// `=` a column of words.
    init(_ title: String, _ headings: [String]) {
        self.title = title
        self.columns = headings.map { heading in
            switch heading.first {
            case ">": Column(heading: String(heading.dropFirst()), side: .right)
            case "=": Column(heading: String(heading.dropFirst()), side: .word)
            default: Column(heading: heading, side: .left)
            }
        }
    }

    /// Appends a row; empty cells become `-`.
    mutating func append(_ cells: [String]) {
        precondition(cells.count == self.columns.count, "\(cells.count) of \(self.columns.count)")
        self.rows.append(cells.map { $0.isEmpty ? "-" : $0 })
    }

    /// Appends what `row` says of each item; what is beyond `max` is counted.
    mutating func append<Item>(_ items: [Item], max: Int, _ row: (Item) -> [String]) {
        for item in items.prefix(max) { self.append(row(item)) }
        self.leftOut += Swift.max(0, items.count - max)
    }

    /// For a terminal: columns as wide as they need to be, numbers to the right.
    var text: String {
        var widths = self.columns.map(\.heading.count)
        let rows = self.rows.map { $0.map { printable($0) } }
        for row in rows {
            for (index, cell) in row.enumerated() { widths[index] = max(widths[index], cell.count) }
        }
        func line(_ cells: [String]) -> String {
            var line = ""
            for (index, cell) in cells.enumerated() {
                let space = String(repeating: " ", count: widths[index] - cell.count)
                line += self.columns[index].side == .right ? space + cell : cell + space
                line += "  "
            }
            while line.hasSuffix(" ") { line.removeLast() }
            return "  " + line + "\n"
        }
        var text = line(self.columns.map { $0.heading.uppercased() })
        for row in rows { text += line(row) }
        if self.leftOut > 0 { text += "  ... and \(self.leftOut) more\n" }
        return text
    }
}
