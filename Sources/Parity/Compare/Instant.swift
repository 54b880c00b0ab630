// SPDX-License-Identifier: Apache-2.0

import Bytes

/// A point or span of time as a text gives it.
///
/// RFC 3339, FHIR's partial dates (`2015`, `2015-02`, `2015-02-07`), date-times without zone, HL7's
/// without marks (`20150207132817.239+0200`), and the preferred date of HTTP (RFC 9110 5.6.7).
struct Instant: Equatable {
    /// How much of it is given.
    enum Precision: UInt8 {
        case year
        case month
        case day
        case minute
        case second
    }

    /// Seconds since 1970 of its begin: UTC when there is a zone, else as the text reads.
    var seconds: Int64
    /// 10^-18 seconds beyond them.
    var attoseconds: UInt64 = 0
    /// Digits of the fraction as written.
    var fractionDigits = 0
    /// How much is given.
    var precision: Precision
    /// Minutes east of UTC; `nil`: the text names no zone.
    var offsetMinutes: Int?

    /// Reads the bytes [`start`, `end`); `nil` when they are no instant.
    init?(_ window: ByteWindow, _ start: Int, _ end: Int) {
        var scan = InstantScan(window: window, index: start, end: end)
        guard let instant = scan.isHTTPDate ? scan.httpDate() : scan.dateTime() else { return nil }
        self = instant
    }

    init?(_ text: [UInt8]) {
        guard let instant = withWindow(text, { Self($0, 0, $0.count) }) else { return nil }
        self = instant
    }

    fileprivate init(seconds: Int64, precision: Precision, offsetMinutes: Int?) {
        self.seconds = seconds
        self.precision = precision
        self.offsetMinutes = offsetMinutes
    }

    /// Milliseconds, as most clients of such texts write numbers; seconds below 10^11.
    ///
    /// 10^11 seconds are the year 5138, 10^11 milliseconds March 1973.
    init?(epochNumber number: ExactDecimal) {
        guard number.top.hugeDigits.isEmpty, number.top.word <= 17 else { return nil }
        var whole: Int64 = 0
        for place in 0..<max(number.top.word, 0) {
            whole = whole * 10 + (place < number.digits.count ? Int64(number.digits[place]) : 0)
        }
        var fraction: UInt64 = 0
        let skipped = max(-number.top.word, 0)
        for place in 0..<18 {
            let index = place - skipped + max(number.top.word, 0)
            let isGiven = place >= skipped && index < number.digits.count
            fraction = fraction * 10 + (isGiven ? UInt64(number.digits[index]) : 0)
        }
        if whole >= 100_000_000_000 {
            fraction = UInt64(whole % 1_000) * 1_000_000_000_000_000 + fraction / 1_000
            whole /= 1_000
        }
        if number.isNegative {
            whole = fraction == 0 ? -whole : -whole - 1
            fraction = fraction == 0 ? 0 : 1_000_000_000_000_000_000 - fraction
        }
        self.init(seconds: whole, precision: .second, offsetMinutes: 0)
        self.attoseconds = fraction
    }

    /// How two instants agree.
    enum Agreement: Equatable {
        /// The same, written the same way or not: same zone, same precision.
        case same
        /// The same moment in another zone, or with another number of fraction digits.
        case zone
        /// One is given less exactly, and the other lies within it; or one names no zone.
        case precision
        /// At most the skew apart.
        case within
        /// Further apart.
        case apart
    }

    /// How two instants agree, given how far apart they may be.
    func agreement(with other: Self, skewMilliseconds: Int) -> Agreement {
        let hasBothZones = (self.offsetMinutes == nil) == (other.offsetMinutes == nil)
        if self.precision == other.precision, hasBothZones {
            if self.seconds == other.seconds, self.attoseconds == other.attoseconds {
                return self.offsetMinutes == other.offsetMinutes
                    && self.fractionDigits == other.fractionDigits ? .same : .zone
            }
            return self.isWithin(skewMilliseconds, of: other) ? .within : .apart
        }
        let coarse = self.precision.rawValue <= other.precision.rawValue ? self : other
        let fine = self.precision.rawValue <= other.precision.rawValue ? other : self
        // A date has no zone: it is compared with what the calendar on the other side reads.
        let reading = fine.seconds + Int64((fine.offsetMinutes ?? 0) * 60)
        let base = coarse.seconds + Int64((coarse.offsetMinutes ?? 0) * 60)
        if coarse.precision == fine.precision {
            return reading == base && coarse.attoseconds == fine.attoseconds ? .precision : .apart
        }
        if coarse.precision == .minute, fine.precision == .second, hasBothZones {
            return fine.seconds - coarse.seconds >= 0 && fine.seconds - coarse.seconds < 60
                ? .precision : .apart
        }
        return reading >= base && reading < coarse.calendarEnd ? .precision : .apart
    }

    private func isWithin(_ skewMilliseconds: Int, of other: Self) -> Bool {
        let (distance, overflows) = self.seconds.subtractingReportingOverflow(other.seconds)
        guard !overflows, abs(distance) <= 1 << 40 else { return false }
        // Whole milliseconds first, then what is left of the fractions.
        let quantum: UInt64 = 1_000_000_000_000_000
        var milliseconds =
            distance * 1_000 + Int64(self.attoseconds / quantum)
            - Int64(other.attoseconds / quantum)
        var rest = Int64(self.attoseconds % quantum) - Int64(other.attoseconds % quantum)
        if milliseconds < 0 || milliseconds == 0 && rest < 0 {
            milliseconds = -milliseconds
            rest = -rest
        }
        return milliseconds < skewMilliseconds
            || milliseconds == Int64(skewMilliseconds) && rest <= 0
    }

    /// Seconds behind the span that a year, month, day or minute is.
    private var calendarEnd: Int64 {
        switch self.precision {
        case .day: return self.seconds + 86_400
        case .minute: return self.seconds + Int64((self.offsetMinutes ?? 0) * 60) + 60
        case .second: return self.seconds + Int64((self.offsetMinutes ?? 0) * 60) + 1
        case .year, .month:
            let date = civilDate(ofDay: self.seconds / 86_400 - (self.seconds % 86_400 < 0 ? 1 : 0))
            let isLast = self.precision == .year || date.month == 12
            return daysFromCivil(
                year: date.year + (isLast ? 1 : 0),
                month: isLast ? 1 : date.month + 1,
                day: 1
            ) * 86_400
        }
    }
}

/// Days since 1970-01-01 of a date of the proleptic Gregorian calendar.
func daysFromCivil(year: Int64, month: Int64, day: Int64) -> Int64 {
    // Years begin in March, so that the leap day is the last one; 400 years are 146,097 days.
    let shifted = month <= 2 ? year - 1 : year
    let era = (shifted >= 0 ? shifted : shifted - 399) / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
}

/// Year and month of a day since 1970-01-01.
func civilDate(ofDay day: Int64) -> (year: Int64, month: Int64) {
    let shifted = day + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra =
        (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month)
}

/// Reads the forms of an instant, strictly.
private struct InstantScan {
    let window: ByteWindow
    var index: Int
    let end: Int

    var isHTTPDate: Bool { self.end - self.index == 29 && self.window[self.index + 3] == 0x2C }

    mutating func dateTime() -> Instant? {
        guard let year = self.number(4) else { return nil }
        if self.index < self.end, isDigit(self.window[self.index]) { return self.compact(year) }
        guard self.take("-") else { return self.whole(.year, year, 1, 1) }
        guard let month = self.number(2), (1...12).contains(month) else { return nil }
        guard self.take("-") else { return self.whole(.month, year, month, 1) }
        guard let day = self.number(2), day >= 1, day <= daysIn(month, of: year) else { return nil }
        guard self.take("T") || self.take("t") || self.take(" ") else {
            return self.whole(.day, year, month, day)
        }
        guard let hour = self.number(2), hour < 24, self.take(":"), let minute = self.number(2),
            minute < 60
        else { return nil }
        let days = daysFromCivil(year: year, month: month, day: day)
        var instant = Instant(
            seconds: days * 86_400 + hour * 3_600 + minute * 60,
            precision: .minute,
            offsetMinutes: nil
        )
        if self.take(":") {
            // 60: a leap second (RFC 3339 5.6).
            guard let second = self.number(2), second <= 60 else { return nil }
            instant.seconds += second
            instant.precision = .second
            if self.take("."), !self.fraction(&instant) { return nil }
        }
        guard self.zone(&instant), self.index == self.end else { return nil }
        return instant
    }

    /// HL7's `YYYYMM[DD[hhmm[ss[.s...]]]][zone]`, the year being read.
    ///
    /// An hour alone is no instant here: nobody can say how exact it is.
    private mutating func compact(_ year: Int64) -> Instant? {
        guard let month = self.number(2), (1...12).contains(month) else { return nil }
        guard self.index < self.end else { return self.whole(.month, year, month, 1) }
        guard let day = self.number(2), day >= 1, day <= daysIn(month, of: year) else { return nil }
        guard self.index < self.end else { return self.whole(.day, year, month, day) }
        guard let hour = self.number(2), hour < 24, let minute = self.number(2), minute < 60 else {
            return nil
        }
        var instant = Instant(
            seconds: daysFromCivil(year: year, month: month, day: day) * 86_400 + hour * 3_600
                + minute * 60,
            precision: .minute,
            offsetMinutes: nil
        )
        if self.index < self.end, isDigit(self.window[self.index]) {
            guard let second = self.number(2), second <= 60 else { return nil }
            instant.seconds += second
            instant.precision = .second
            if self.take("."), !self.fraction(&instant) { return nil }
        }
        guard self.zone(&instant), self.index == self.end else { return nil }
        return instant
    }

    mutating func httpDate() -> Instant? {
        let names = "JanFebMarAprMayJunJulAugSepOctNovDec".utf8
        self.index += 4
        guard self.take(" "), let day = self.number(2), self.take(" ") else { return nil }
        let name = self.window.slice(self.index, 3).array
        let months = Array(names)
        let month = (0..<12).first { Array(months[$0 * 3..<$0 * 3 + 3]) == name }
        self.index += 3
        guard let month, self.take(" "), let year = self.number(4), self.take(" "),
            let hour = self.number(2), hour < 24, self.take(":"), let minute = self.number(2),
            minute < 60, self.take(":"), let second = self.number(2), second <= 60, self.take(" "),
            self.take("G"), self.take("M"), self.take("T"), day >= 1,
            day <= daysIn(Int64(month + 1), of: year)
        else { return nil }
        let days = daysFromCivil(year: year, month: Int64(month + 1), day: day)
        return Instant(
            seconds: days * 86_400 + hour * 3_600 + minute * 60 + second,
            precision: .second,
            offsetMinutes: 0
        )
    }

    private func whole(
        _ precision: Instant.Precision,
        _ year: Int64,
        _ month: Int64,
        _ day: Int64
    ) -> Instant? {
        guard self.index == self.end else { return nil }
        return Instant(
            seconds: daysFromCivil(year: year, month: month, day: day) * 86_400,
            precision: precision,
            offsetMinutes: nil
        )
    }

    /// Digits beyond the 18th are finer than any clock: they are read and dropped.
    private mutating func fraction(_ instant: inout Instant) -> Bool {
        var count = 0
        while self.index < self.end, isDigit(self.window[self.index]) {
            if count < 18 {
                instant.attoseconds =
                    instant.attoseconds * 10 + UInt64(self.window[self.index] &- 0x30)
            }
            count += 1
            self.index += 1
        }
        instant.fractionDigits = count
        for _ in min(count, 18)..<18 { instant.attoseconds *= 10 }
        return count > 0
    }

    /// `Z`, `+hh:mm` or nothing.
    private mutating func zone(_ instant: inout Instant) -> Bool {
        if self.take("Z") || self.take("z") {
            instant.offsetMinutes = 0
            return true
        }
        let isWest = self.take("-")
        guard isWest || self.take("+") else { return true }
        guard let hours = self.number(2), hours < 24 else { return false }
        _ = self.take(":")
        guard let minutes = self.number(2), minutes < 60 else { return false }
        let offset = (hours * 60 + minutes) * (isWest ? -1 : 1)
        instant.offsetMinutes = Int(offset)
        instant.seconds -= offset * 60
        return true
    }

    private mutating func number(_ digits: Int) -> Int64? {
        guard self.index + digits <= self.end else { return nil }
        var value: Int64 = 0
        for _ in 0..<digits {
            guard isDigit(self.window[self.index]) else { return nil }
            value = value * 10 + Int64(self.window[self.index] &- 0x30)
            self.index += 1
        }
        return value
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard self.index < self.end, self.window[self.index] == UInt8(ascii: character) else {
            return false
        }
        self.index += 1
        return true
    }
}

private func daysIn(_ month: Int64, of year: Int64) -> Int64 {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
}
