// SPDX-License-Identifier: Apache-2.0

import Foundation
import Kernel
import Parity
import Synchronization
import Testing

@testable import Control

/// Answers as it is told, and remembers when it was asked for which row.
private final class ListedAsker: ReplayAsker {
    let asked = Mutex<[Int]>([])
    let times = Mutex<[UInt64]>([])
    let remembersRows: Bool
    private let answer: @Sendable (Int) throws(ReplayUnreachable) -> SyntheticResult

    init(
        remembersRows: Bool = true,
        _ answer: @escaping @Sendable (Int) throws(ReplayUnreachable) -> SyntheticResult
    ) {
        self.remembersRows = remembersRows
        self.answer = answer
    }

    func ask(
        _ order: SyntheticOrder,
        row: Int,
        run: String,
        isDry: Bool,
        lane: Int
    )
        throws(ReplayUnreachable) -> SyntheticResult
    {
        let now = monotonicNanoseconds()
        self.times.withLock { $0.append(now) }
        let result = try self.answer(row)
        self.asked.withLock { $0.append(row) }
        return result
    }

    func settle() throws(ReplayUnreachable) {}

    static func outcome(_ outcome: ObservationOutcome) -> SyntheticResult {
        var result = SyntheticResult()
        result.outcome = outcome
        return result
    }
}

@Suite("Replay run") struct ReplayRunTests {
    /// A folder with a list of URLs.
    private final class Place: Sendable {
        let folder: URL
        init(_ text: String) throws {
            self.folder = FileManager.default.temporaryDirectory
                .appendingPathComponent(UUID().uuidString)
            try FileManager.default.createDirectory(
                at: self.folder,
                withIntermediateDirectories: true
            )
            try Data(text.utf8).write(to: self.folder.appendingPathComponent("list"))
        }
        deinit { try? FileManager.default.removeItem(at: self.folder) }
        func path(_ name: String) -> String { self.folder.appendingPathComponent(name).path }
        var state: ReplayState? {
            FileManager.default.contents(atPath: self.path("state"))
                .flatMap { ReplayState(json: Array($0)) }
        }
        var errors: [String] {
            String(
                decoding: FileManager.default.contents(atPath: self.path("errors")) ?? Data(),
                as: UTF8.self
            )
            .split(separator: "\n").map(String.init)
        }
        func run(
            _ asker: any ReplayAsker,
            _ change: (inout ReplayOptions) -> Void = { _ in }
        )
            throws -> ReplayRun
        {
            var options = ReplayOptions()
            options.rate = 10_000
            options.concurrency = 4
            options.patienceMilliseconds = 10
            change(&options)
            return try ReplayRun(
                input: ReplayInput(path: self.path("list")),
                state: self.state ?? ReplayState(run: "r", format: .text),
                statePath: self.path("state"),
                errorPath: self.path("errors"),
                asker: asker,
                options: options
            )
        }
    }

    private static func list(_ count: Int) -> String {
        (1...count).map { "/a/\($0)\n" }.joined()
    }

    @Test func `a run that fails in the middle goes on, and every row is asked once`() throws {
        let place = try Place(Self.list(200))
        let failing = ListedAsker { row throws(ReplayUnreachable) in
            if row > 90 { throw ReplayUnreachable("away") }
            return ListedAsker.outcome(.match)
        }
        #expect(try place.run(failing).run { _ in } == .failed("away"))
        let state = try #require(place.state)
        #expect(state.rows == 90 && !state.isComplete)
        let whole = ListedAsker { _ throws(ReplayUnreachable) in ListedAsker.outcome(.mismatch) }
        let run = try place.run(whole)
        #expect(try run.run { _ in } == .complete)
        let asked = failing.asked.withLock { $0 } + whole.asked.withLock { $0 }
        #expect(asked.sorted() == Array(1...200))
        #expect(run.totals.outcomes == ["match": 90, "mismatch": 110])
        #expect(place.state?.isComplete == true)
        let again = ListedAsker { _ throws(ReplayUnreachable) in ListedAsker.outcome(.match) }
        #expect(try place.run(again).run { _ in } == .complete)
        #expect(again.asked.withLock { $0 }.isEmpty)
    }

    @Test func `rows that fail are written without their values, and never stop the run`() throws {
        let place = try Place(
            "/a\nDELETE /b/secret-1\nnonsense secret-2\n/c/secret-3\n/d/secret-4\n/e\n"
        )
        let asker = ListedAsker { row throws(ReplayUnreachable) in
            switch row {
            case 4: return SyntheticResult(.noRoute)
            case 5:
                var result = ListedAsker.outcome(.modernFailed)
                result.legacyStatus = 200
                result.modernStatus = 503
                return result
            default: return ListedAsker.outcome(.match)
            }
        }
        let run = try place.run(asker) { $0.concurrency = 1 }
        #expect(try run.run { _ in } == .complete)
        #expect(
            place.errors == [
                #"{"row":3,"reason":"malformed","detail":"the row is not written as the file's format says"}"#,
                #"{"row":4,"reason":"no_route","detail":"no route matches"}"#,
                #"{"row":5,"reason":"modern_failed","detail":"legacy 200, modern 503"}"#,
            ]
        )
        #expect(run.totals.skipped == 1 && run.totals.rows == 6 && run.totals.observed == 3)
    }

    @Test func `error lines after the last state are cut off when a run goes on`() throws {
        let place = try Place("x\n/b\n")
        var state = ReplayState(run: "r", format: .text)
        state.errorBytes = 0
        try replaceFile(place.path("state"), with: state.json)
        try Data("{\"row\":1}\n".utf8).write(to: URL(fileURLWithPath: place.path("errors")))
        let asker = ListedAsker { _ throws(ReplayUnreachable) in ListedAsker.outcome(.match) }
        #expect(try place.run(asker).run { _ in } == .complete)
        #expect(place.errors.count == 1)
    }

    @Test func `rows leave no faster than the rate allows, however many threads there are`() throws
    {
        let place = try Place(Self.list(20))
        let asker = ListedAsker { _ throws(ReplayUnreachable) in ListedAsker.outcome(.match) }
        let run = try place.run(asker) {
            $0.rate = 100
            $0.concurrency = 8
        }
        #expect(try run.run { _ in } == .complete)
        let times = asker.times.withLock { $0.sorted() }
        // 19 gaps of 10 ms; the clock is read before and after the limiter's.
        #expect(times[19] - times[0] >= 185_000_000)
    }

    @Test func `a limit ends the run, and a higher one goes on`() throws {
        let place = try Place(Self.list(30))
        let asker = ListedAsker { _ throws(ReplayUnreachable) in ListedAsker.outcome(.match) }
        #expect(try place.run(asker) { $0.limit = 10 }.run { _ in } == .complete)
        #expect(place.state?.rows == 10 && place.state?.isComplete == false)
        #expect(try place.run(asker).run { _ in } == .complete)
        #expect(asker.asked.withLock { $0.sorted() } == Array(1...30))
    }

    @Test func `without somebody who remembers rows, claimed ones are not asked twice`() throws {
        let place = try Place(Self.list(40))
        let snapshot = Mutex<[UInt8]?>(nil)
        let asker = ListedAsker(remembersRows: false) { row throws(ReplayUnreachable) in
            // What a kill at this moment would leave behind.
            if row == 12 {
                let bytes = FileManager.default.contents(atPath: place.path("state"))
                snapshot.withLock { $0 = bytes.map(Array.init) }
            }
            return ListedAsker.outcome(.match)
        }
        #expect(try place.run(asker) { $0.rate = 20 }.run { _ in } == .complete)
        let kept = try #require(snapshot.withLock { $0 })
        let state = try #require(ReplayState(json: kept))
        #expect(state.claimedRow >= 12)
        try replaceFile(place.path("state"), with: kept)
        let second = ListedAsker(remembersRows: false) { _ throws(ReplayUnreachable) in
            ListedAsker.outcome(.match)
        }
        let run = try place.run(second)
        #expect(try run.run { _ in } == .complete)
        let asked = second.asked.withLock { $0 }
        #expect(asked.allSatisfy { $0 > state.claimedRow })
        #expect(run.totals.inDoubt > 0 && run.totals.rows == 40)
    }

    @Test func `an edge observes a row once, however often it is sent`() {
        let book = ReplayBook()
        #expect(book.begin("r", 1) == .fresh)
        #expect(book.begin("r", 1) == .underWay)
        book.end("r", 1, ListedAsker.outcome(.match))
        #expect(book.begin("r", 1) == .known(ListedAsker.outcome(.match)))
        #expect(book.begin("s", 1) == .fresh)
        book.forget("s", 1)
        #expect(book.begin("s", 1) == .fresh)
        for row in 2...8_193 { _ = book.begin("r", row) }
        #expect(book.begin("r", 1) == .fresh)
        for run in 0..<40 { _ = book.begin("run \(run)", 1) }
        #expect(book.begin("s", 1) == .fresh)
    }
}
