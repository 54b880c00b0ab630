// SPDX-License-Identifier: Apache-2.0

import Bytes
import Names
import Testing

@Suite("Name book")
struct NameBookTests {
    private let name = NameQuestion(
        name: "a.test",
        ttlMinMilliseconds: 1_000,
        ttlMaxMilliseconds: 60_000
    )
    private let first: [UInt8] = [10, 0, 0, 1]
    private let second: [UInt8] = [10, 0, 0, 2]

    private func answer(_ addresses: [[UInt8]], ttl: UInt32) -> Result<NameAnswer, NameError> {
        .success(NameAnswer(addresses: addresses, ttlSeconds: ttl))
    }

    /// A book with one name that has been asked for at 0.
    private func asked(_ question: NameQuestion? = nil) throws -> (NameBook, UInt32) {
        var book = NameBook()
        book.keep([question ?? self.name], nowMilliseconds: 0)
        let due = book.takeDue(nowMilliseconds: 0)
        return (book, try #require(due.first).number)
    }

    @Test func `a new name is due at once, and not again while it is asked for`() throws {
        var (book, _) = try self.asked()
        #expect(book.takeDue(nowMilliseconds: 1_000_000).isEmpty)
        #expect(book.pause(nowMilliseconds: 0) == nil && book.unanswered == 1)
    }

    @Test func `an answer holds for its TTL within the bounds`() throws {
        let rows: [(ttl: UInt32, milliseconds: UInt64)] = [
            (0, 1_000), (1, 1_000), (30, 30_000), (60, 60_000), (86_400, 60_000),
            (.max, 60_000),
        ]
        for row in rows {
            var (book, number) = try self.asked()
            let reply = NameReply(tag: number, result: self.answer([self.first], ttl: row.ttl))
            #expect(book.take(reply, nowMilliseconds: 500) == self.name)
            #expect(book.pause(nowMilliseconds: 500) == row.milliseconds, "TTL \(row.ttl)")
            #expect(book.takeDue(nowMilliseconds: 499 + row.milliseconds).isEmpty)
            #expect(book.takeDue(nowMilliseconds: 500 + row.milliseconds).count == 1)
        }
    }

    @Test func `bounds of zero do not make a question follow the other without a pause`() throws {
        let eager = NameQuestion(name: "a.test", ttlMinMilliseconds: 0, ttlMaxMilliseconds: 0)
        var (book, number) = try self.asked(eager)
        let reply = NameReply(tag: number, result: self.answer([self.first], ttl: 0))
        _ = book.take(reply, nowMilliseconds: 0)
        #expect(book.pause(nowMilliseconds: 0) == Limits.nameTTLLowestMilliseconds)
    }

    @Test func `only other addresses are news, not another order`() throws {
        var (book, number) = try self.asked()
        let rows: [(addresses: [[UInt8]], isNews: Bool)] = [
            ([self.first, self.second], true), ([self.second, self.first], false),
            ([self.second], true), ([self.second], false), ([self.first], true),
        ]
        for (index, row) in rows.enumerated() {
            let reply = NameReply(tag: number, result: self.answer(row.addresses, ttl: 1))
            let now = UInt64(index) * 1_000
            #expect((book.take(reply, nowMilliseconds: now) != nil) == row.isNews, "row \(index)")
            #expect(book.takeDue(nowMilliseconds: now + 1_000).count == 1)
        }
    }

    @Test func `the last good answer stays through failures, asked again after growing pauses`()
        throws
    {
        var (book, number) = try self.asked()
        let good = NameReply(tag: number, result: self.answer([self.first], ttl: 1))
        _ = book.take(good, nowMilliseconds: 0)
        var now: UInt64 = 1_000
        var pauses: [UInt64] = []
        for problem in [NameError.timedOut, .serverFailed, .notFound, .noAddress, .refused] {
            _ = book.takeDue(nowMilliseconds: now)
            let reply = NameReply(tag: number, result: .failure(problem))
            #expect(book.take(reply, nowMilliseconds: now) == nil)
            #expect(book[self.name]?.answer?.addresses == [self.first])
            #expect(book[self.name]?.problem == problem)
            let pause = try #require(book.pause(nowMilliseconds: now))
            pauses.append(pause)
            now += pause
        }
        #expect(pauses == [1_000, 2_000, 4_000, 8_000, 16_000])
        #expect(book[self.name]?.failures == 5)
        _ = book.takeDue(nowMilliseconds: now)
        #expect(book.take(good, nowMilliseconds: now) == nil)
        #expect(book[self.name]?.problem == nil && book[self.name]?.failures == 0)
    }

    @Test func `the pause between tries has an upper bound`() throws {
        var (book, number) = try self.asked()
        for _ in 0..<100 {
            let reply = NameReply(tag: number, result: .failure(.timedOut))
            _ = book.take(reply, nowMilliseconds: 0)
        }
        #expect(book.pause(nowMilliseconds: 0) == Limits.nameRetryMaxMilliseconds)
    }

    @Test func `a reply to a name that is no longer kept changes nothing`() throws {
        var (book, number) = try self.asked()
        let other = NameQuestion(
            name: "b.test",
            ttlMinMilliseconds: 1_000,
            ttlMaxMilliseconds: 1_000
        )
        book.keep([other], nowMilliseconds: 0)
        let reply = NameReply(tag: number, result: self.answer([self.first], ttl: 1))
        #expect(book.take(reply, nowMilliseconds: 0) == nil)
        #expect(book[self.name] == nil && book[other]?.answer == nil && book.count == 1)
    }

    @Test func `other bounds of a known name are asked for at once and keep what is known`() throws
    {
        var (book, number) = try self.asked()
        let reply = NameReply(tag: number, result: self.answer([self.first], ttl: 60))
        _ = book.take(reply, nowMilliseconds: 0)
        let shorter = NameQuestion(
            name: "a.test",
            ttlMinMilliseconds: 100,
            ttlMaxMilliseconds: 200
        )
        book.keep([shorter], nowMilliseconds: 10)
        #expect(book[shorter]?.answer?.addresses == [self.first] && book.unanswered == 0)
        #expect(book.takeDue(nowMilliseconds: 10).map(\.question) == [shorter])
    }
}
