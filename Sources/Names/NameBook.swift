// SPDX-License-Identifier: Apache-2.0

import Bytes

/// Names that are kept resolved: what is known of each, and when it is to be asked for again.
///
///     due ──▶ asking ──▶ known until its TTL is over ──▶ due ...
///                └─────▶ failed: what was known stays, asked again after a growing pause
///
/// Pure: time is given, in milliseconds of any clock that only grows.
public struct NameBook: Sendable {
    /// What is known of one name.
    public struct Entry: Sendable {
        /// The name and its bounds.
        public let question: NameQuestion
        /// The last good answer; it stays when later ones fail.
        public var answer: NameAnswer?
        /// Why the last question failed; `nil` when it did not.
        public var problem: NameError?
        /// When the addresses last changed.
        public var changedMilliseconds: UInt64 = 0
        /// When it is to be asked for again.
        public var dueMilliseconds: UInt64
        /// Failures in a row.
        public var failures = 0
        /// A question is on its way.
        public var isAsking = false
    }

    /// By number; numbers are not used again.
    private var entries: [UInt32: Entry] = [:]
    private var numbers: [NameQuestion: UInt32] = [:]
    private var nextNumber: UInt32 = 0

    /// No names.
    public init() {}

    /// Names kept.
    public var count: Int { self.entries.count }

    /// What is known of a question; `nil`: it is not kept.
    public subscript(question: NameQuestion) -> Entry? {
        self.numbers[question].flatMap { self.entries[$0] }
    }

    /// Keeps exactly these names from now on; those that are new are due at once.
    ///
    /// What another question of the same name and family knew is taken over.
    public mutating func keep(_ questions: Set<NameQuestion>, nowMilliseconds: UInt64) {
        var known: [NameQuestion: Entry] = [:]
        for entry in self.entries.values {
            known[NameBook.unbounded(entry.question)] = entry
        }
        for (question, number) in self.numbers where !questions.contains(question) {
            self.numbers[question] = nil
            self.entries[number] = nil
        }
        for question in questions where self.numbers[question] == nil {
            var entry = Entry(question: question, dueMilliseconds: nowMilliseconds)
            if let other = known[NameBook.unbounded(question)] {
                entry.answer = other.answer
                entry.changedMilliseconds = other.changedMilliseconds
            }
            self.numbers[question] = self.nextNumber
            self.entries[self.nextNumber] = entry
            self.nextNumber &+= 1
        }
    }

    private static func unbounded(_ question: NameQuestion) -> NameQuestion {
        NameQuestion(
            name: question.name,
            family: question.family,
            ttlMinMilliseconds: 0,
            ttlMaxMilliseconds: 0
        )
    }

    /// The names that are due, now on their way; ask for each under its number.
    public mutating func takeDue(
        nowMilliseconds: UInt64
    ) -> [(number: UInt32, question: NameQuestion)] {
        var due: [(number: UInt32, question: NameQuestion)] = []
        for (number, entry) in self.entries
        where !entry.isAsking && entry.dueMilliseconds <= nowMilliseconds {
            due.append((number, entry.question))
        }
        due.sort { $0.number < $1.number }
        for (number, _) in due { self.entries[number]?.isAsking = true }
        return due
    }

    /// Milliseconds until the next name is due; `nil`: none waits for its time.
    public func pause(nowMilliseconds: UInt64) -> UInt64? {
        self.entries.values.lazy.filter { !$0.isAsking }.map(\.dueMilliseconds).min().map {
            $0 > nowMilliseconds ? $0 - nowMilliseconds : 0
        }
    }

    /// Names that have neither an answer nor a failure yet.
    public var unanswered: Int {
        self.entries.values.count { $0.answer == nil && $0.failures == 0 }
    }

    /// A reply has come; the question whose addresses are others than before, if they are.
    ///
    /// A reply to a name that is no longer kept changes nothing.
    public mutating func take(_ reply: NameReply, nowMilliseconds: UInt64) -> NameQuestion? {
        guard var entry = self.entries[reply.tag] else { return nil }
        defer { self.entries[reply.tag] = entry }
        entry.isAsking = false
        switch reply.result {
        case .success(let answer):
            let before = entry.answer.map { Set($0.addresses) }
            entry.answer = answer
            entry.problem = nil
            entry.failures = 0
            let ttl = min(
                max(UInt64(answer.ttlSeconds) * 1_000, entry.question.ttlMinMilliseconds),
                entry.question.ttlMaxMilliseconds
            )
            entry.dueMilliseconds = nowMilliseconds &+ max(ttl, Limits.nameTTLLowestMilliseconds)
            // Servers turn the order of a list around: that moves nothing.
            guard before != Set(answer.addresses) else { return nil }
            entry.changedMilliseconds = nowMilliseconds
            return entry.question
        case .failure(let problem):
            entry.problem = problem
            entry.failures += 1
            entry.dueMilliseconds = nowMilliseconds &+ NameBook.pause(afterFailures: entry.failures)
            return nil
        }
    }

    /// 1 s, 2 s, 4 s ...
    ///
    /// up to `Limits.nameRetryMaxMilliseconds`.
    static func pause(afterFailures failures: Int) -> UInt64 {
        let doubled = Limits.nameRetryMinMilliseconds << UInt64(min(max(failures, 1) - 1, 16))
        return min(doubled, Limits.nameRetryMaxMilliseconds)
    }
}
