// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Writes times for people, in the zone of their terminal.
struct Times {
    /// The zone.
    var zone: TimeZone

    /// A time of day: `14:03:07.412`.
    func clock(_ milliseconds: Int) -> String {
        let parts = self.parts(milliseconds)
        return "\(two(parts.hour ?? 0)):\(two(parts.minute ?? 0)):\(two(parts.second ?? 0))"
            + ".\(three(milliseconds % 1_000))"
    }

    /// A day and a time: `2026-08-14 14:03:07`.
    func dateAndClock(_ milliseconds: Int) -> String {
        let parts = self.parts(milliseconds)
        let date = "\(parts.year ?? 0)-\(two(parts.month ?? 0))-\(two(parts.day ?? 0))"
        return "\(date) \(two(parts.hour ?? 0)):\(two(parts.minute ?? 0)):\(two(parts.second ?? 0))"
    }

    private func parts(_ milliseconds: Int) -> DateComponents {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = self.zone
        return calendar.dateComponents(
            [.year, .month, .day, .hour, .minute, .second],
            from: Date(timeIntervalSince1970: Double(milliseconds / 1_000))
        )
    }

    private func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

    private func three(_ number: Int) -> String {
        String(repeating: "0", count: number < 10 ? 2 : number < 100 ? 1 : 0) + "\(number)"
    }
}
