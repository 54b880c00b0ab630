// SPDX-License-Identifier: Apache-2.0

/// How one origin's answer ended.
public enum AnswerEnd: UInt8, Sendable, BitwiseCopyable {
    /// The origin was not asked.
    case notAsked = 0
    /// Whole.
    case complete = 1
    /// No answer: refused, reset, timed out, cut short, malformed.
    case failed = 2
    /// Longer than what may be kept: what is there is its beginning.
    case tooLarge = 3
}

/// One origin's answer as it came over the wire, transfer coding removed, content coding not.
///
/// Plaintext of records: memory only.
public struct CapturedAnswer: Sendable {
    /// How it ended.
    public var end: AnswerEnd
    /// Status code; 0: none.
    public var status: UInt16
    /// Header fields in order of arrival; names in lower case.
    public var fields: [CapturedField]
    /// The body as it was sent: `Content-Encoding` still applies.
    public var body: [UInt8]
    /// Request sent to last byte, microseconds.
    public var microseconds: UInt32

    /// An answer from its parts.
    public init(
        end: AnswerEnd,
        status: UInt16 = 0,
        fields: [CapturedField] = [],
        body: [UInt8] = [],
        microseconds: UInt32 = 0
    ) {
        self.end = end
        self.status = status
        self.fields = fields
        self.body = body
        self.microseconds = microseconds
    }

    /// The first field of this name (lower case), or `nil`.
    public func field(_ name: String) -> String? {
        self.fields.first { $0.name == name }?.value
    }
}

/// One header field.
public struct CapturedField: Sendable, Hashable {
    /// Name in lower case.
    public var name: String
    /// Value, outer spaces removed; bytes that are no UTF-8 replaced.
    public var value: String

    /// A field from its parts.
    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// One sampled exchange with both answers, before comparing.
public struct CapturedExchange: Sendable {
    /// What is known before comparing: names, source, time, generation; outcome not yet.
    public var observation: ParityObservation
    /// Legacy's answer.
    public var legacy: CapturedAnswer
    /// Modern's answer.
    public var modern: CapturedAnswer
    /// Legacy read again (A/A, or a recheck); `.notAsked`: no.
    public var again: CapturedAnswer
    /// The request's head as it went to legacy; empty: it did not.
    ///
    /// Memory only.
    public var legacyRequest: [UInt8] = []
    /// The request's head as it went to modern; empty: it did not.
    ///
    /// Memory only.
    public var modernRequest: [UInt8] = []
    /// The sockaddr of legacy's endpoint; empty: it was not asked.
    public var legacyAddress: [UInt8] = []
    /// The sockaddr of modern's endpoint; empty: it was not asked.
    public var modernAddress: [UInt8] = []
    /// The request has a body, so it cannot be asked again.
    public var hasRequestBody = false
    /// Chosen, before any answer was seen, for reading legacy again (A/A).
    public var readsAgain = false
    /// Counts that have to agree besides (a probe's).
    public var count: CountCheck?
    /// `https://host` parts that may stand in URLs of legacy's answers.
    public var legacyHost: String
    /// The same of modern's.
    public var modernHost: String

    /// An exchange from its parts.
    public init(
        observation: ParityObservation,
        legacy: CapturedAnswer,
        modern: CapturedAnswer,
        again: CapturedAnswer = CapturedAnswer(end: .notAsked),
        legacyHost: String = "",
        modernHost: String = ""
    ) {
        self.observation = observation
        self.legacy = legacy
        self.modern = modern
        self.again = again
        self.legacyHost = legacyHost
        self.modernHost = modernHost
    }
}
