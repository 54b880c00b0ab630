// SPDX-License-Identifier: Apache-2.0

import Bytes

/// A decimal number of any length, exactly: `0.d1d2d3... x 10^top`.
///
/// Numbers of JSON have no bounds (RFC 8259 6), and a dose read as binary64 may be another dose. So
/// values are compared on their digits. Digits have neither leading nor trailing zeros; zero has
/// none, and `-0` is equal to `0` as a value.
struct ExactDecimal: Hashable {
    /// Whether it is below zero.
    var isNegative: Bool
    /// Significant digits, 0 to 9 each.
    var digits: [UInt8]
    /// Power of ten that the digits, read as a fraction, are multiplied by; 0 for zero.
    var top: Exponent

    /// A power of ten: most fit a word, and one that does not is kept as its digits.
    struct Exponent: Hashable {
        /// The word, or what has to be added to ``hugeDigits``.
        var word: Int
        /// Digits of an exponent of more than 18 digits, 0 to 9 each; empty: the word is all.
        var hugeDigits: [UInt8] = []
        var isHugeNegative = false
    }

    var isZero: Bool { self.digits.isEmpty }

    /// The number that a lexeme of RFC 8259 6 stands for; `nil` when it is none.
    init?(_ window: ByteWindow, _ start: Int, _ end: Int) {
        var index = start
        var digits: [UInt8] = []
        var integerDigits = 0
        self.isNegative = index < end && window[index] == UInt8(ascii: "-")
        if self.isNegative { index += 1 }
        let first = index
        while index < end, isDigit(window[index]) {
            digits.append(window[index] &- 0x30)
            index += 1
        }
        integerDigits = index - first
        guard integerDigits == 1 || integerDigits > 1 && window[first] != UInt8(ascii: "0") else {
            return nil
        }
        if index < end, window[index] == UInt8(ascii: ".") {
            index += 1
            let fraction = index
            while index < end, isDigit(window[index]) {
                digits.append(window[index] &- 0x30)
                index += 1
            }
            guard index > fraction else { return nil }
        }
        guard let exponent = Self.exponent(window, &index, end), index == end else { return nil }
        self.top = exponent
        let leading = digits.firstIndex { $0 != 0 } ?? digits.count
        digits.removeFirst(leading)
        while digits.last == 0 { digits.removeLast() }
        self.digits = digits
        self.top.word += integerDigits - leading
        if digits.isEmpty {
            self.isNegative = false
            self.top = Exponent(word: 0)
        }
    }

    /// The number that a text stands for; `nil` when it is none.
    init?(_ text: String) {
        let parsed = withWindow(Array(text.utf8)) { Self($0, 0, $0.count) }
        guard let parsed else { return nil }
        self = parsed
    }

    private static func exponent(_ window: ByteWindow, _ index: inout Int, _ end: Int) -> Exponent?
    {
        guard index < end, window[index] | 0x20 == UInt8(ascii: "e") else {
            return Exponent(word: 0)
        }
        index += 1
        var isNegative = false
        if index < end, window[index] == UInt8(ascii: "+") || window[index] == UInt8(ascii: "-") {
            isNegative = window[index] == UInt8(ascii: "-")
            index += 1
        }
        let first = index
        while index < end, isDigit(window[index]) { index += 1 }
        guard index > first else { return nil }
        var start = first
        while start < index, window[start] == UInt8(ascii: "0") { start += 1 }
        if index - start > 18 {
            let digits = (start..<index).map { window[$0] &- 0x30 }
            return Exponent(word: 0, hugeDigits: digits, isHugeNegative: isNegative)
        }
        var word = 0
        for digit in start..<index { word = word * 10 + Int(window[digit] &- 0x30) }
        return Exponent(word: isNegative ? -word : word)
    }

    /// The number that a text stands for; `nil` when it is none.
    init?(_ text: [UInt8]) {
        guard let parsed = withWindow(text, { Self($0, 0, $0.count) }) else { return nil }
        self = parsed
    }

    /// `0.d1d2d3... x 10^top`.
    init(digits: [UInt8], top: Int) {
        self.init(isNegative: false, digits: digits, top: top)
    }

    private init(isNegative: Bool, digits: [UInt8], top: Int) {
        let leading = digits.firstIndex { $0 != 0 } ?? digits.count
        var digits = Array(digits.dropFirst(leading))
        while digits.last == 0 { digits.removeLast() }
        self.isNegative = isNegative && !digits.isEmpty
        self.digits = digits
        self.top = Exponent(word: digits.isEmpty ? 0 : top - leading)
    }
}

extension ExactDecimal.Exponent {
    /// `self - other`; `nil` when that does not fit a word by far.
    func minus(_ other: Self) -> Int? {
        var difference = 0
        let places = max(self.hugeDigits.count, other.hugeDigits.count)
        for place in stride(from: places - 1, through: 0, by: -1) {
            difference = difference * 10 + self.signedDigit(place) - other.signedDigit(place)
            // What follows can change this by less than 19 units of its last place.
            if abs(difference) > 1 << 53 { return nil }
        }
        let (words, overflows) = self.word.subtractingReportingOverflow(other.word)
        let (sum, overflowsToo) = words.addingReportingOverflow(difference)
        return overflows || overflowsToo ? nil : sum
    }

    private func signedDigit(_ place: Int) -> Int {
        guard place < self.hugeDigits.count else { return 0 }
        let digit = Int(self.hugeDigits[self.hugeDigits.count - 1 - place])
        return self.isHugeNegative ? -digit : digit
    }
}

extension ExactDecimal {
    /// Whether both stand for the same number, `1.0` and `1.00` included.
    func isEqual(to other: Self) -> Bool {
        self.isNegative == other.isNegative && self.digits == other.digits
            && self.top.minus(other.top) == 0
    }

    /// Its distance from zero.
    var magnitude: Self {
        var magnitude = self
        magnitude.isNegative = false
        return magnitude
    }

    /// Order of magnitudes: below zero when `self` is nearer to zero.
    func compareMagnitude(_ other: Self) -> Int {
        if self.isZero || other.isZero {
            return self.isZero ? (other.isZero ? 0 : -1) : 1
        }
        guard let tops = self.top.minus(other.top) else {
            return self.top.isFarAbove(other.top) ? 1 : -1
        }
        if tops != 0 { return tops }
        for (mine, others) in zip(self.digits, other.digits) where mine != others {
            return Int(mine) - Int(others)
        }
        return self.digits.count - other.digits.count
    }

    /// `|self - other|`; `nil` when its digits would take more than `digitsMax` places.
    func distance(to other: Self, digitsMax: Int = 8_192) -> Self? {
        if self.isZero { return other.magnitude }
        if other.isZero { return self.magnitude }
        guard let tops = self.top.minus(other.top), abs(tops) <= digitsMax,
            self.top.hugeDigits.isEmpty, other.top.hugeDigits.isEmpty
        else { return nil }
        let top = max(self.top.word, other.top.word)
        let mine = [UInt8](repeating: 0, count: top - self.top.word) + self.digits
        let others = [UInt8](repeating: 0, count: top - other.top.word) + other.digits
        guard max(mine.count, others.count) <= 2 * digitsMax else { return nil }
        let isAdding = self.isNegative != other.isNegative
        let isMineLarger = self.compareMagnitude(other) >= 0
        return Self(
            isNegative: false,
            digits: Self.combine(
                isMineLarger ? mine : others,
                isMineLarger ? others : mine,
                isAdding: isAdding
            ),
            top: top + 1
        )
    }

    /// Digit by digit from the right, with one more digit in front for a carry.
    private static func combine(_ larger: [UInt8], _ smaller: [UInt8], isAdding: Bool) -> [UInt8] {
        let count = max(larger.count, smaller.count)
        var result = [UInt8](repeating: 0, count: count + 1)
        var carry = 0
        for index in stride(from: count - 1, through: 0, by: -1) {
            let a = index < larger.count ? Int(larger[index]) : 0
            let b = index < smaller.count ? Int(smaller[index]) : 0
            let sum = a + (isAdding ? b : -b) + carry
            carry = sum > 9 ? 1 : sum < 0 ? -1 : 0
            result[index + 1] = UInt8(sum - carry * 10)
        }
        result[0] = UInt8(carry)
        return result
    }

    /// The product; `nil` when one factor has more than `digitsMax` digits or an exponent does not
    /// fit.
    func multiplied(by other: Self, digitsMax: Int = 8_192) -> Self? {
        guard self.digits.count <= digitsMax, other.digits.count <= digitsMax,
            self.top.hugeDigits.isEmpty, other.top.hugeDigits.isEmpty
        else { return nil }
        var product = [UInt8](repeating: 0, count: self.digits.count + other.digits.count)
        for i in self.digits.indices.reversed() {
            var carry = 0
            for j in other.digits.indices.reversed() {
                let sum =
                    Int(product[i + j + 1]) + Int(self.digits[i]) * Int(other.digits[j])
                    + carry
                product[i + j + 1] = UInt8(sum % 10)
                carry = sum / 10
            }
            product[i] = UInt8(carry)
        }
        return Self(
            isNegative: self.isNegative != other.isNegative,
            digits: product,
            top: self.top.word + other.top.word
        )
    }

    /// Whether both differ by at most `absolute`, or by `relative` of the larger magnitude.
    ///
    /// Exact; a distance of more than 8,192 places is beyond any tolerance.
    func isWithin(absolute: Self, relative: Self, of other: Self) -> Bool {
        if self.isEqual(to: other) { return true }
        guard let distance = self.distance(to: other) else { return false }
        if distance.compareMagnitude(absolute) <= 0 { return true }
        guard !relative.isZero else { return false }
        let larger = self.compareMagnitude(other) >= 0 ? self : other
        guard let allowed = larger.magnitude.multiplied(by: relative) else { return false }
        return distance.compareMagnitude(allowed) <= 0
    }
}

extension ExactDecimal.Exponent {
    /// For exponents whose difference does not fit a word: which is the larger one.
    fileprivate func isFarAbove(_ other: Self) -> Bool {
        let mine = self.rank
        let others = other.rank
        if mine.count != others.count { return mine.count > others.count }
        // Equally long on the same side of zero: digits decide.
        let isBelow = self.hugeDigits.lexicographicallyPrecedes(other.hugeDigits)
        return mine.count < 0 ? isBelow : !isBelow
    }

    private var rank: (count: Int, word: Int) {
        (self.isHugeNegative ? -self.hugeDigits.count : self.hugeDigits.count, self.word)
    }
}
