// SPDX-License-Identifier: Apache-2.0

// How a report writes numbers and times. The same value is written the same way everywhere, in UTC
// and without the machine's language, so that a report rebuilt elsewhere is the same bytes.

/// Figures of a report.
enum ReportFigures {
    /// An integer with a comma between groups of three digits: `34,409`.
    static func count(_ number: UInt64) -> String {
        let digits = Array(String(number))
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { text.append(",") }
            text.append(digit)
        }
        return text
    }

    /// A number with this many decimals, rounded half away from zero; a dash when it is not finite.
    static func fixed(_ number: Double, decimals: Int) -> String {
        precondition((0...9).contains(decimals), "\(decimals) decimals")
        guard number.isFinite, number.magnitude < 9e8 else {
            return number.isFinite ? "\(number)" : "-"
        }
        var scale: UInt64 = 1
        for _ in 0..<decimals { scale *= 10 }
        let units = UInt64((number.magnitude * Double(scale)).rounded(.toNearestOrAwayFromZero))
        let sign = number < 0 && units > 0 ? "-" : ""
        return sign + point(units, scale, decimals)
    }

    /// A share as percent: `99.9904 %`.
    ///
    /// Rounded down, so that what a report says of parity is never better than what was found.
    static func percentDown(_ share: Double, decimals: Int = 4) -> String {
        guard share.isFinite, (0...1).contains(share) else { return "-" }
        var scale: UInt64 = 1
        for _ in 0..<decimals { scale *= 10 }
        // A hair above the product: 0.9999 x 1,000,000 is 999,899.99... in binary.
        let units = UInt64((share * 100 * Double(scale) + 1e-6).rounded(.down))
        return point(units, scale, decimals) + " %"
    }

    /// A part of a whole as percent, exact in integers, half up; `-` of nothing.
    static func percent(_ part: UInt64, of whole: UInt64, decimals: Int = 2) -> String {
        guard whole > 0 else { return "-" }
        var scale: UInt64 = 1
        for _ in 0..<decimals { scale *= 10 }
        let wide = part.multipliedFullWidth(by: 200 * scale)
        let twice = whole.addingReportingOverflow(whole)
        guard !twice.overflow, wide.high < twice.partialValue else { return "-" }
        let (units, rest) = twice.partialValue.dividingFullWidth(wide)
        let rounded = rest >= whole ? units + 1 : units
        // Something is not nothing, and nearly everything is not everything.
        if rounded == 0, part > 0 { return "< " + point(1, scale, decimals) + " %" }
        if rounded == 100 * scale, part < whole {
            return "> " + point(100 * scale - 1, scale, decimals) + " %"
        }
        return point(rounded, scale, decimals) + " %"
    }

    /// A duration in microseconds as milliseconds: `12.3 ms`.
    static func milliseconds(_ microseconds: UInt64) -> String {
        let value = Double(microseconds) / 1_000
        return fixed(value, decimals: value < 10 ? 2 : value < 100 ? 1 : 0) + " ms"
    }

    /// A span of time for people: `13 d 4 h`, `5 h 12 min`, `44 s`.
    static func span(milliseconds: Int64) -> String {
        let seconds = max(0, milliseconds) / 1_000
        let (days, hours) = (seconds / 86_400, seconds % 86_400 / 3_600)
        let minutes = seconds % 3_600 / 60
        if days > 0 { return hours > 0 ? "\(days) d \(hours) h" : "\(days) d" }
        if hours > 0 { return minutes > 0 ? "\(hours) h \(minutes) min" : "\(hours) h" }
        if minutes > 0 { return "\(minutes) min" }
        return "\(seconds) s"
    }

    /// An instant in UTC: `2026-08-14T14:03:07Z`; a dash for 0.
    static func instant(_ unixMilliseconds: Int64) -> String {
        guard unixMilliseconds > 0 else { return "-" }
        let seconds = unixMilliseconds / 1_000
        let clock = seconds % 86_400
        return day(unixMilliseconds) + "T" + two(clock / 3_600) + ":" + two(clock % 3_600 / 60)
            + ":" + two(clock % 60) + "Z"
    }

    /// A day in UTC: `2026-08-14`; a dash for 0.
    static func day(_ unixMilliseconds: Int64) -> String {
        guard unixMilliseconds > 0 else { return "-" }
        // Howard Hinnant's civil_from_days; days since 0000-03-01, in eras of 400 years.
        let days = unixMilliseconds / 86_400_000 + 719_468
        let era = days / 146_097
        let dayOfEra = days - era * 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        let dayOfMonth = dayOfYear - (153 * shifted + 2) / 5 + 1
        return String(year) + "-" + two(month) + "-" + two(dayOfMonth)
    }

    /// A length class (0, 1, 2, 4, 8 ...
    ///
    /// bytes, rounded up) in words: `9-16 bytes`.
    static func lengthClass(_ value: UInt32) -> String {
        switch value {
        case 0: "empty"
        case 1: "1 byte"
        case 2: "2 bytes"
        default: "\(value / 2 + 1)-\(value) bytes"
        }
    }

    private static func point(_ units: UInt64, _ scale: UInt64, _ decimals: Int) -> String {
        guard decimals > 0 else { return String(units) }
        let fraction = String(units % scale)
        let zeros = String(repeating: "0", count: decimals - fraction.utf8.count)
        return String(units / scale) + "." + zeros + fraction
    }

    private static func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
