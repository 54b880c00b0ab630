// SPDX-License-Identifier: Apache-2.0

import Foundation
import Migration
import Testing

@testable import Control

@Suite("Quantities and names of files")
struct QuantityTests {
    @Test func `sizes are bytes with binary units`() {
        let rows: [(String, Int?)] = [
            ("0", 0), ("512", 512), ("512B", 512), ("64Ki", 65_536), ("1.5Ki", 1_536),
            ("1Mi", 1_048_576), ("2Gi", 2_147_483_648), ("64K", nil), ("64kb", nil), ("", nil),
            ("Ki", nil), ("-1Ki", nil), ("0.3B", nil), ("1e3", nil), ("999999999999999Gi", nil),
        ]
        for (text, bytes) in rows { #expect(Quantity.bytes(text) == bytes, "\(text)") }
    }

    @Test func `durations are whole milliseconds and always have a unit`() {
        let rows: [(String, Int?)] = [
            ("0s", 0), ("250ms", 250), ("2s", 2_000), ("1.5s", 1_500), ("0.0005s", nil),
            ("5m", 300_000), ("12h", 43_200_000), ("14d", 1_209_600_000), ("2", nil), ("2 s", nil),
            ("2w", nil), ("s", nil), ("-2s", nil), ("1..5s", nil), ("1.s", nil), (".5s", nil),
        ]
        for (text, time) in rows { #expect(Quantity.milliseconds(text) == time, "\(text)") }
    }

    @Test func `percentages are exact`() {
        let rows: [(String, Int?)] = [
            ("0%", 0), ("5%", 500), ("99.99%", 9_999), ("12.5%", 1_250), ("100%", 10_000),
            ("100.01%", nil), ("99.999%", nil), ("99.990%", 9_999), ("5", nil), ("%", nil),
            ("-1%", nil),
        ]
        for (text, share) in rows { #expect(Quantity.permyriad(text) == share, "\(text)") }
    }

    @Test func `dates agree with the calendar of Foundation`() {
        let formatter = ISO8601DateFormatter()
        for text in ["1970-01-01", "2000-02-29", "2024-12-31", "2026-11-21", "2100-03-01"] {
            let expected = formatter.date(from: text + "T00:00:00Z")?.timeIntervalSince1970
            #expect(Quantity.unixSeconds(text).map { Double($0) } == expected, "\(text)")
        }
        let instant = formatter.date(from: "2027-07-04T23:59:58Z")?.timeIntervalSince1970
        #expect(Quantity.unixSeconds("2027-07-04T23:59:58Z").map { Double($0) } == instant)
        let wrong = [
            "2026-02-29", "2100-02-29", "2026-13-01", "2026-00-10", "26-01-01", "2026-1-1",
            "2026-01-01T24:00:00Z", "2026-01-01T10:00:00", "2026-01-01T10:00:00+01:00",
        ]
        for text in wrong { #expect(Quantity.unixSeconds(text) == nil, "\(text)") }
    }

    @Test func `addresses and blocks are read strictly`() {
        let rows: [(String, Int?)] = [
            ("10.0.0.0/8", 104), ("127.0.0.1", 128), ("0.0.0.0/0", 96), ("::/0", 0),
            ("::1/128", 128), ("fe80::/10", 10), ("2001:db8:1:2:3:4:5:6", 128),
            ("::ffff:10.0.0.1", 128), ("10.0.0.1/8", nil), ("10.0.0/8", nil), ("010.0.0.0/8", nil),
            ("10.0.0.0/33", nil), ("10.0.0.0/", nil), ("1:2:3", nil), (":::", nil),
            ("1::2::3", nil),
            ("::g", nil), ("", nil), ("256.0.0.1", nil), ("+1.0.0.1", nil), ("::+1", nil),
        ]
        for (text, bits) in rows {
            #expect(NameRules.addressBlock(text)?.prefixBits == bits, "\(text)")
        }
        #expect(NameRules.address("::ffff:10.0.0.1")?.suffix(6) == [0xff, 0xff, 10, 0, 0, 1])
        #expect(NameRules.address("1:2:3:4:5:6:7::")?.suffix(4) == [0, 7, 0, 0])
    }

    @Test func `endpoints have a host and a port`() {
        var name = EndpointModel(host: "a.example", port: 80)
        name.isName = true
        let rows: [(String, EndpointModel?)] = [
            ("a.example:80", name), ("A.Example:80", name),
            ("[::1]:8080", EndpointModel(host: "::1", port: 8_080)),
            ("127.0.0.1:0", EndpointModel(host: "127.0.0.1", port: 0)),
            ("::1:80", nil), ("a.example", nil), ("a.example:", nil), ("a.example:65536", nil),
            ("a b:80", nil), ("[a]:80", nil), (":80", nil), ("a.example:+80", nil),
        ]
        for (text, endpoint) in rows { #expect(NameRules.endpoint(text) == endpoint, "\(text)") }
    }
}
