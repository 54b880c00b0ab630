// SPDX-License-Identifier: Apache-2.0

import Control
import Documents
import Testing

@testable import Banyan

@Suite("Sample faults")
struct SampleFaultTests {
    @Test func `faults are read from documents and flags, and nonsense is refused`() throws {
        var expected = SampleFault(kind: .delay)
        expected.rate = 0.25
        expected.milliseconds = 200
        expected.times = 3
        expected.path = "/api"
        expected.seed = 9
        let flag = "delay,rate=0.25,milliseconds=200,times=3,path=/api,seed=9"
        #expect(SampleFault(flag: flag) == expected)
        #expect(SampleFault(expected.document) == expected)
        for kind in SampleFaultKind.allCases {
            #expect(SampleFault(flag: kind.rawValue) == SampleFault(kind: kind))
        }
        for wrong in [
            "", "slow", "delay,rate=2", "delay,rate", "delay,rate=x", "delay,path=api",
            "delay,speed=1", "delay,times=-1", "delay,milliseconds=600001", "noise,seed=-1",
        ] {
            #expect(SampleFault(flag: wrong) == nil, "\(wrong)")
        }
    }

    @Test func `a rate strikes evenly, a path and a count bound it`() {
        let faults = SampleFaultSwitch()
        faults.faults = [SampleFault(flag: "status500,rate=0.1")].compactMap(\.self)
        let strikes = (1...30).filter { _ in faults.strike("/a").has(.status500) }
        #expect(strikes == [10, 20, 30])
        faults.faults = [SampleFault(flag: "status500,path=/b,times=2")].compactMap(\.self)
        #expect(faults.strike("/a").faults.isEmpty)
        #expect((0..<5).filter { _ in faults.strike("/b/1").has(.status500) }.count == 2)
        faults.faults = []
        #expect(faults.strike("/b").faults.isEmpty)
    }

    @Test func `with a seed a fault strikes at random, the same way again, each service its own`() {
        func strikes(_ flag: String, _ name: String) -> [Int] {
            let faults = SampleFaultSwitch(name: name)
            faults.faults = [SampleFault(flag: flag)].compactMap(\.self)
            return (0..<10_000).filter { _ in !faults.strike("/").faults.isEmpty }
        }
        for flag in ["status500,rate=0.3,seed=4", "noise,rate=0.3"] {
            let first = strikes(flag, "a")
            #expect(first == strikes(flag, "a"), "\(flag)")
            #expect(first != strikes(flag, "b"), "\(flag)")
            // Three standard deviations of 10,000 draws at 0.3 are 137.
            #expect(abs(first.count - 3_000) < 200, "\(flag): \(first.count)")
            let gaps = zip(first, first.dropFirst()).map { $1 - $0 }
            #expect(gaps.contains(1) && gaps.contains { $0 > 10 }, "\(flag)")
        }
        #expect(strikes("noise,rate=0.3,seed=5", "a") != strikes("noise,rate=0.3,seed=6", "a"))
        #expect(strikes("noise,rate=0", "a").isEmpty && strikes("noise", "a").count == 10_000)
    }

    @Test func `noise and a miscount tell the same where they do not strike`() {
        let faults = SampleFaultSwitch()
        faults.faults = ["noise,rate=0.3", "miscount,rate=0.1"].compactMap { SampleFault(flag: $0) }
        var told: [Int: Int] = [:]
        for _ in 0..<1_000 { told[faults.strike("/").online ?? 0, default: 0] += 1 }
        #expect(told[SampleFaultSwitch.online] ?? 0 > 550)
        #expect(told[SampleFaultSwitch.online + 1] == 100)
        // Each time another number.
        #expect(told.count > 200)
        faults.faults = [SampleFault(kind: .status500)]
        #expect(faults.strike("/").online == nil)
    }

    @Test func `several faults strike in their order; a lost connection leaves nothing to spoil`() {
        let service = SampleService(.digitalCommunication, seed: 1)
        let path = "/api/v1/digital-communication/virtual-sessions/vs-1001"
        let both = #"[{"kind":"droppedField"},{"kind":"miscount"}]"#
        #expect(ask(service, "PUT", "/_sample/fault", body: both).status == 200)
        let told = ask(service, "GET", path).text
        #expect(told.contains(#""online":13"#) && !told.contains(#""status""#), "\(told)")
        #expect(ask(service, "GET", "/_sample/fault").text.contains("miscount"))
        service.faults.faults = [SampleFault(kind: .reset), SampleFault(kind: .status500)]
        guard case .raw = ask(service, "GET", path).body else {
            Issue.record("the second fault answered")
            return
        }
        let many =
            "[" + Array(repeating: #"{"kind":"reset"}"#, count: 9).joined(separator: ",") + "]"
        for wrong in [many, #"[{"kind":"reset"},{"kind":"slow"}]"#, "7"] {
            #expect(ask(service, "PUT", "/_sample/fault", body: wrong).status == 400, "\(wrong)")
        }
    }

    @Test func `a fault is set, shown and taken away at run time, and requests are counted`() {
        let service = SampleService(.digitalCommunication, seed: 1)
        let path = "/api/v1/digital-communication/virtual-sessions"
        let set = ask(service, "PUT", "/_sample/fault", body: #"{"kind":"status500","times":1}"#)
        #expect(set.status == 200)
        #expect(ask(service, "PUT", "/_sample/fault", body: #"{"kind":"slow"}"#).status == 400)
        #expect(ask(service, "GET", "/_sample/fault").text.contains("status500"))
        let failed = ask(service, "GET", path)
        #expect(failed.status == 500 && failed.header("Sample-Origin") == "legacy")
        #expect(ask(service, "GET", path).status == 200)
        #expect(ask(service, "DELETE", "/_sample/fault").status == 204)
        #expect(ask(service, "GET", "/_sample/fault").text == "null\n")
        _ = ask(service, "GET", path, headers: [ControlField("Banyan-Shadow", "1")])
        let counts = ask(service, "GET", "/_sample/requests").text
        #expect(counts.contains(#""methods":{"GET":3},"copies":1"#), "\(counts)")
    }
}
