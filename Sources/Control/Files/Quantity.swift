// SPDX-License-Identifier: Apache-2.0

/// The quantities that people write in files; each reader gives `nil` for what is none.
enum Quantity {
    /// Units of sizes, smallest first.
    static let byteUnits = [("B", 1), ("Ki", 1_024), ("Mi", 1_048_576), ("Gi", 1_073_741_824)]
    /// Milliseconds first, so that `ms` is not read as `s`.
    static let timeUnits = [
        ("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000),
    ]

    /// A number in the largest unit that holds it whole: `64Ki`, `14d`.
    static func text(_ value: Int, _ units: [(String, Int)]) -> String {
        let unit = units.last { value >= $0.1 && value % $0.1 == 0 } ?? units[0]
        return "\(value / unit.1)\(unit.0)"
    }

    /// `64Ki`, `1Mi`, `2Gi`, `512B` or `512`: bytes.
    static func bytes(_ text: String) -> Int? {
        for (unit, factor) in self.byteUnits + [("", 1)] where text.hasSuffix(unit) {
            return self.scaled(text.dropLast(unit.count), by: factor)
        }
        return nil
    }

    /// `250ms`, `2s`, `1.5s`, `5m`, `12h`, `14d`: whole milliseconds.
    static func milliseconds(_ text: String) -> Int? {
        for (unit, factor) in self.timeUnits where text.hasSuffix(unit) {
            return self.scaled(text.dropLast(unit.count), by: factor)
        }
        return nil
    }

    /// `99.99%` in 1/10,000; exact: at most two decimals, at most 100 %.
    static func permyriad(_ text: String) -> Int? {
        guard text.hasSuffix("%"), let value = self.scaled(text.dropLast(), by: 100) else {
            return nil
        }
        return value <= 10_000 ? value : nil
    }

    /// Whether it is a percentage from 0 to 100 with at most six decimals.
    static func isPercentage(_ text: String) -> Bool {
        guard text.hasSuffix("%"), let value = self.scaled(text.dropLast(), by: 1_000_000) else {
            return false
        }
        return value <= 100_000_000
    }

    /// `2026-11-01` (midnight UTC) or `2026-11-01T12:30:00Z`: seconds since 1970.
    static func unixSeconds(_ text: String) -> Int64? {
        let bytes = Array(text.utf8)
        guard bytes.count == 10 || bytes.count == 20 else { return nil }
        guard bytes[4] == 0x2d, bytes[7] == 0x2d,
            let year = self.number(bytes[0..<4]), let month = self.number(bytes[5..<7]),
            let day = self.number(bytes[8..<10]), (1970...9999).contains(year),
            (1...12).contains(month), day >= 1, day <= self.days(ofMonth: month, year: year)
        else { return nil }
        let midnight = self.daysSince1970(year: year, month: month, day: day) * 86_400
        guard bytes.count == 20 else { return Int64(midnight) }
        guard bytes[10] == 0x54, bytes[13] == 0x3a, bytes[16] == 0x3a, bytes[19] == 0x5a,
            let hour = self.number(bytes[11..<13]), let minute = self.number(bytes[14..<16]),
            let second = self.number(bytes[17..<19]), hour < 24, minute < 60, second < 60
        else { return nil }
        return Int64(midnight + hour * 3_600 + minute * 60 + second)
    }

    // MARK: Digits

    /// A decimal number times `factor`, when that is a whole number; exact, without binary64.
    private static func scaled(_ text: Substring, by factor: Int) -> Int? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 2, let whole = self.number(Array(parts[0].utf8)[...]) else {
            return nil
        }
        var (value, overflowed) = whole.multipliedReportingOverflow(by: factor)
        guard !overflowed else { return nil }
        guard parts.count == 2 else { return value }
        let digits = Array(parts[1].utf8)
        guard digits.count <= 9, let fraction = self.number(digits[...]) else { return nil }
        let power = digits.reduce(1) { result, _ in result * 10 }
        let (numerator, overflow) = fraction.multipliedReportingOverflow(by: factor)
        guard !overflow, numerator % power == 0 else { return nil }
        (value, overflowed) = value.addingReportingOverflow(numerator / power)
        return overflowed ? nil : value
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> Int? {
        guard !bytes.isEmpty, bytes.count <= 15 else { return nil }
        var value = 0
        for byte in bytes {
            guard (0x30...0x39).contains(byte) else { return nil }
            value = value * 10 + Int(byte - 0x30)
        }
        return value
    }

    private static func days(ofMonth month: Int, year: Int) -> Int {
        switch month {
        case 4, 6, 9, 11: 30
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        default: 31
        }
    }

    /// Days of the Gregorian calendar; the year is taken to begin in March.
    private static func daysSince1970(year: Int, month: Int, day: Int) -> Int {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = shiftedYear / 400
        let yearOfEra = shiftedYear % 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }
}
