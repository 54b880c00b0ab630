// SPDX-License-Identifier: Apache-2.0

import Testing

/// The checks of the load test, shown to fail: each on the smallest run that breaks it.
@Suite("Load ledger")
struct LoadLedgerTests {
    private let cells = LoadCells(migrations: ["charts"], tenants: 2, hotTenants: 2)

    private func sample(
        _ number: Int32,
        from start: UInt64,
        isWrite: Bool = false,
        isModern: Bool,
        status: Int16 = 200
    ) -> LoadSample {
        LoadSample(
            cell: 1,
            ordinal: number,
            number: number,
            user: 1,
            isWrite: isWrite,
            startNanoseconds: start,
            endNanoseconds: start + 10,
            status: status,
            isModern: isModern
        )
    }

    private func act(_ generation: UInt64, _ standing: String, at time: UInt64) -> LoadAct {
        LoadAct(
            cells: [1],
            generation: generation,
            standings: [standing],
            callNanoseconds: time,
            returnNanoseconds: time + 10,
            isRollback: false,
            memoryNanoseconds: 1,
            durableNanoseconds: 2
        )
    }

    private func line(
        _ number: Int,
        _ generation: Int,
        _ decided: String,
        by origin: String? = nil
    ) -> String {
        """
        {"ts":"x","http.request.method":"GET","http.route":"charts","banyan.tenant":"t00001",\
        "banyan.origin":"\(origin ?? decided)","banyan.decided":"\(decided)",\
        "banyan.reason":"standing","banyan.generation":\(generation),"bytes.out":\(number)}

        """
    }

    private func faults(
        _ samples: [LoadSample],
        _ acts: [LoadAct],
        log: String,
        legacy: [Int] = [],
        modern: [Int] = []
    ) -> [String] {
        let ledger = LoadLedger(cells: self.cells, samples: samples, acts: acts, isForward: [true])
        ledger.read(log: log)
        ledger.checkAnswers()
        ledger.checkOrigins(legacyWrites: legacy, modernWrites: modern)
        ledger.checkWritesMoveWhole()
        ledger.checkOrder()
        ledger.checkStandings()
        return ledger.faults.keys.sorted()
    }

    @Test func `a run in order has no fault`() {
        let found = self.faults(
            [
                self.sample(1, from: 0, isModern: false),
                self.sample(2, from: 200, isWrite: true, isModern: true),
            ],
            [self.act(7, "modern", at: 100)],
            log: self.line(1, 0, "legacy") + self.line(2, 7, "modern"),
            modern: [2]
        )
        #expect(found.isEmpty, "\(found)")
    }

    @Test func `every kind of stray is found`() {
        let flip = self.act(7, "modern", at: 100)
        let early = self.sample(1, from: 0, isModern: false)
        #expect(
            self.faults([early], [], log: "") == ["no line of a request"]
        )
        #expect(
            self.faults(
                [self.sample(1, from: 0, isModern: false, status: 502)],
                [],
                log: self.line(1, 0, "legacy")
            ) == ["failed"]
        )
        #expect(
            self.faults([early], [], log: self.line(1, 0, "legacy") + self.line(1, 0, "legacy"))
                == ["two lines of one request"]
        )
        #expect(
            self.faults([early], [flip], log: self.line(1, 0, "legacy", by: "modern"))
                == ["another origin than decided"]
        )
        #expect(
            self.faults(
                [self.sample(1, from: 200, isModern: false)],
                [flip],
                log: self.line(1, 0, "legacy")
            ) == ["decided by the previous standing"]
        )
        #expect(
            self.faults(
                [self.sample(1, from: 0, isModern: true)],
                [flip],
                log: self.line(1, 7, "modern")
            ) == ["decided by a later standing"]
        )
        #expect(
            self.faults(
                [self.sample(1, from: 200, isModern: false)],
                [flip],
                log: self.line(1, 7, "legacy")
            ) == ["another origin than the standing's"]
        )
        #expect(
            self.faults(
                [self.sample(1, from: 200, isModern: false)],
                [],
                log: self.line(1, 9, "legacy")
            ) == ["a generation that no act had"]
        )
    }

    @Test func `a write that two origins took, or two writes apart, are found`() {
        let flip = self.act(7, "modern", at: 100)
        let writes = [
            self.sample(1, from: 200, isWrite: true, isModern: true),
            self.sample(2, from: 300, isWrite: true, isModern: false),
        ]
        #expect(
            self.faults(
                [writes[0]],
                [flip],
                log: self.line(1, 7, "modern"),
                legacy: [1],
                modern: [1]
            )
                == ["a write at other origins than decided"]
        )
        let found = self.faults(
            writes,
            [flip],
            log: self.line(1, 7, "modern") + self.line(2, 7, "legacy"),
            legacy: [2],
            modern: [1]
        )
        #expect(found.contains("writes of one generation at two origins"))
    }
}
