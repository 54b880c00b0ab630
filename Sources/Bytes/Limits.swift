// SPDX-License-Identifier: Apache-2.0

/// Every bound of the product: its default, why it is what it is, and what happens there.
///
/// Times are in the unit that the name ends with. What a route or `banyan.yaml` may change says so.
public enum Limits {
    // MARK: Memory of a worker

    /// Bytes of one pooled block: three TLS records (RFC 8446 5.1).
    ///
    /// One block holds a whole head; bodies stream through it. Smaller ones cost more system calls;
    /// 64 KiB are more than the kernel sends as one, and cost half as much again.
    public static let blockBytes = 49_152
    /// Blocks of one worker (3 GiB of addresses; only touched ones cost memory).
    ///
    /// None left: the connection that asked waits, and new ones are refused.
    public static let blocksMax = 65_536
    /// How long a block lies unused until its memory goes back to the kernel; at most twice that.
    public static let blockTrimMilliseconds: UInt64 = 2_000
    /// Blocks whose memory is given back in a row; then traffic has its turn.
    public static let blocksPerTrim = 64
    /// Downstream connections of one worker.
    ///
    /// Beyond: accepted, answered 503 and closed.
    public static let downstreamConnectionsMax = 32_768
    /// Upstream connections of one worker over all pools, shadow included.
    ///
    /// Beyond: 503.
    public static let upstreamConnectionsMax = 32_768
    /// Exchanges of one worker, shadow copies included.
    ///
    /// Beyond: 503, copies are shed.
    public static let exchangesMax = 65_536
    /// Ready events taken from the kernel in one call.
    public static let eventsPerPoll = 512

    /// Blocks that one exchange moves in a row; then others have their turn.
    ///
    /// So a fast one holds nobody up for longer than some 100 µs.
    public static let blocksPerTurn = 4
    /// The same for a copy: clients come first.
    public static let copyBlocksPerTurn = 2

    // MARK: HTTP/1.1 messages

    /// Bytes of a request or response head.
    ///
    /// Beyond: 431, or 502 for a response.
    public static let headBytesMax = 16_000
    /// Bytes of a request line.
    ///
    /// Beyond: 414 (RFC 9112 3 asks for at least 8,000).
    public static let requestLineBytesMax = 8_192
    /// Header fields of one message.
    ///
    /// Beyond: 431 / 502.
    public static let headerFieldsMax = 100
    /// Fields that Banyan adds to a head at most: Via, who asks, how and for whom, HSTS.
    public static let addedFieldsMax = 24
    /// Bytes of a method.
    ///
    /// Beyond: 400. The longest registered one has 17.
    public static let methodBytesMax = 32
    /// Bytes of a host without its port (DNS allows 253).
    ///
    /// Beyond: 400.
    public static let hostBytesMax = 255
    /// Options in the Connection fields of one message, `close` and `keep-alive` not counted: each
    /// is compared with every field.
    ///
    /// Beyond: 400 / 502.
    public static let connectionOptionsMax = 16
    /// Digits of a chunk size, leading zeros included.
    ///
    /// Beyond: 400 / abort.
    public static let chunkSizeDigitsMax = 15
    /// Bytes of one chunk-size line with its extensions.
    ///
    /// Beyond: 400 / abort (CVE-2023-39326).
    public static let chunkLineBytesMax = 256
    /// Bytes of a trailer section.
    ///
    /// Beyond: 400 / abort.
    public static let trailerBytesMax = 8_192
    /// Interim (1xx) answers before a final one.
    ///
    /// Beyond: 502.
    public static let interimResponsesMax = 16
    /// Empty lines (CRLF) skipped before a request line (RFC 9112 2.2).
    ///
    /// Beyond: 400.
    public static let leadingEmptyLinesMax = 4
    /// Requests on one downstream connection; then `Connection: close`.
    public static let requestsPerConnectionMax = 1_000_000

    // MARK: Deadlines of clients (milliseconds)

    /// From the first byte of a head to its end.
    ///
    /// Then 408.
    public static let headTimeoutMilliseconds = 10_000
    /// A kept connection without a request.
    ///
    /// Then it is closed.
    public static let idleTimeoutMilliseconds = 75_000
    /// Slowest client body: bytes per second, measured over `rateWindowMilliseconds`.
    ///
    /// Below: 408.
    public static let bodyRateBytesPerSecondMin = 240
    /// Slowest reader of an answer, measured likewise.
    ///
    /// Below: aborted.
    public static let readRateBytesPerSecondMin = 240
    /// How long a slow transfer is watched before its rate counts.
    public static let rateWindowMilliseconds = 10_000
    /// How long a client's unfinished upload is drained after an early answer, before closing.
    public static let lingerMilliseconds = 2_000
    /// Bytes of an unfinished upload that are drained after an early answer.
    public static let lingerBytesMax = 1_048_576

    /// A kept connection without a request when the edge drains.
    ///
    /// Then it is closed.
    public static let drainIdleMilliseconds = 1_000

    // MARK: Deadlines of upstreams (milliseconds; routes may change them)

    /// TCP connect.
    ///
    /// Then 504 (or rescue).
    public static let connectTimeoutMilliseconds = 2_000
    /// From the request sent to the first byte of the final head.
    ///
    /// Then 504.
    public static let firstByteTimeoutMilliseconds = 30_000
    /// Between two bytes of an answer.
    ///
    /// Then the answer is cut.
    public static let upstreamIdleTimeoutMilliseconds = 30_000
    /// The whole exchange.
    ///
    /// Then 504 or the answer is cut. 0 in a route: none.
    public static let totalTimeoutMilliseconds = 300_000
    /// An unused upstream connection.
    ///
    /// Shorter than what servers keep (nginx 75 s, node 5 s).
    public static let upstreamKeepIdleMilliseconds = 4_500
    /// Requests over one upstream connection; then it is closed.
    public static let requestsPerUpstreamConnectionMax = 100_000
    /// Connections of one worker to one upstream; the rest wait in its queue.
    public static let connectionsPerUpstreamMax = 1_024
    /// Exchanges of one worker that wait for a connection of one upstream.
    ///
    /// Beyond: 503.
    public static let pendingPerUpstreamMax = 1_024

    // MARK: Shadow

    /// Bytes of a body that is teed for a copy or for rescue; longer ones are not copied.
    public static let teedBodyBytesMax = 65_536
    /// Blocks that hold such a body.
    public static let teedBlocksMax = (teedBodyBytesMax + blockBytes - 1) / blockBytes
    /// Copies of one worker that wait for a connection.
    ///
    /// Beyond: shed and counted.
    public static let shadowQueueMax = 1_024
    /// Connections of one worker to one upstream for copies.
    public static let shadowConnectionsPerUpstreamMax = 32
    /// The whole life of one copy.
    ///
    /// Then it is dropped and counted.
    public static let shadowTimeoutMilliseconds = 10_000
    /// Bytes of a copy's answer that are drained.
    ///
    /// Beyond: its connection is closed.
    public static let shadowAnswerBytesMax = 1_048_576
    /// Failures of copies in a row that open an origin's breaker for copies.
    public static let shadowFailuresMax = 16
    /// How long an open breaker sheds copies before the next is tried.
    public static let shadowBreakerMilliseconds = 1_000
    /// Blocks of one worker that copies may hold at once (of `blocksMax`).
    public static let shadowBlocksMax = 4_096

    // MARK: Observing

    /// Observations of one worker that are under way or wait to be compared.
    ///
    /// Beyond: counted as `unobserved(queue_full)`.
    public static let observationSlots = 1_024
    /// Longest answer body that can be kept for comparing (`parity.maxBody` is at most this).
    public static let observedBodyBytesMax = 1_048_576
    /// Heads of one origin's side of an observation: the request's and the answer's.
    public static let observedHeadBytesMax = 40_960
    /// Bytes of answers that one worker keeps for comparing.
    ///
    /// Beyond: `unobserved(body_too_large)`.
    public static let observedBytesMax = 33_554_432
    /// Waiting observations after which the compare threads are woken at once.
    public static let observationsBeforeWake = 16
    /// Names (tenants, operations, pointers) whose numbers in the parity store are remembered.
    ///
    /// Beyond: looked up again.
    public static let parityNamesMax = 100_000
    /// Tenant x operation rows that wait for the parity store.
    ///
    /// Beyond: counted under no tenant.
    public static let parityPendingRowsMax = 200_000
    /// Kinds of differences of one epoch.
    ///
    /// Beyond: counted under the pointer `(other)`.
    public static let parityDifferenceKindsMax = 5_000
    /// Requests of one window that are remembered to tell repeats, of all routes (32 bytes each).
    ///
    /// Beyond: each route has its even part of as many again; beyond that, taken for repeats.
    public static let parityDigestsMax = 2_000_000
    /// Builds before the current ones that one migration remembers.
    ///
    /// Beyond: the oldest is forgotten, and would begin an epoch like one never seen.
    public static let parityBuildsMax = 1_024
    /// Epochs of one migration that changes of builds begin at once; one more with each hour.
    ///
    /// Beyond: `unobserved(other_build)`: a field that changes with each answer is no build id.
    public static let parityBuildEpochsMax = 12
    /// How long nothing but an earlier build must answer to be taken for a return to it.
    ///
    /// Until then: `unobserved(other_build)`, as while two builds run side by side.
    public static let parityBuildReturnMilliseconds: Int64 = 600_000
    /// Answers of an earlier build that a return to it takes at least.
    public static let parityBuildReturnAnswers = 30
    /// How often counts go to the parity store; the most that a kill can lose.
    public static let parityFlushMilliseconds = 1_000
    /// Ended epochs of a migration that keep a row for each tenant.
    ///
    /// Older ones keep one for each wave.
    public static let parityEpochsByTenant = 8
    /// How long an ended epoch keeps a row for each tenant.
    public static let parityByTenantMilliseconds: Int64 = 35 * 86_400_000
    /// How long hours of a series stay hours.
    ///
    /// Older ones become days.
    public static let parityHoursMilliseconds: Int64 = 35 * 86_400_000
    /// Kinds of differences that an old epoch keeps, the most frequent ones.
    public static let parityOldDifferenceKinds = 200
    /// How long an ended epoch is kept at all.
    public static let parityRetentionMilliseconds: Int64 = 400 * 86_400_000
    /// Longest life of a grant for body samples.
    public static let grantMillisecondsMax = 72 * 3_600_000
    /// Samples of one grant.
    public static let grantSamplesMax = 1_000
    /// Grants that are open at once.
    public static let grantsMax = 64
    /// Exchanges that wait for an origin to be asked again.
    ///
    /// Beyond: counted as first seen.
    public static let rereadsMax = 256
    /// Shortest nap of a compare thread between two looks.
    public static let compareNapMilliseconds = 5
    /// Its longest nap, when nothing was observed for a while; many observations end it early.
    public static let compareIdleNapMilliseconds = 160

    // MARK: Replay and probes

    /// The whole life of one exchange of a replay or probe; beyond, that origin has failed.
    public static let syntheticDeadlineMilliseconds = 10_000
    /// Kept connections to origins of one thread that replays or probes.
    ///
    /// Beyond: closed after use.
    public static let syntheticConnectionsMax = 64
    /// Longest row of a replayed file, and longest entry of an HAR file (its answers are in it).
    ///
    /// Beyond: the row is skipped and told.
    public static let replayRowBytesMax = 16_777_216
    /// Requests of a replay that are under way at once.
    public static let replayConcurrencyMax = 64
    /// Replays that an edge remembers, so that a resumed one counts no row twice.
    ///
    /// Beyond: the one that was used longest ago is forgotten.
    public static let replayRunsMax = 32
    /// Pause after which reads of a replay or probe are another order for the audit.
    public static let syntheticAuditMilliseconds = 3_600_000
    /// Orders of replays and probes that an edge remembers, so that the audit has each once.
    ///
    /// Beyond: the one that was quiet longest is forgotten, and told again if it goes on.
    public static let syntheticAuditMax = 256
    /// Rows of one replay that an edge remembers.
    ///
    /// A resumed replay is at most as far behind as its state file, which is written several times
    /// a second.
    public static let replayRowsRemembered = 8_192
    /// Reads of one probe and tenant: the product of its variables' values.
    ///
    /// Beyond: a finding of the file.
    public static let probeCombinationsMax = 1_000
    /// Probe reads that one edge sends in a second; what is due beyond waits.
    public static let probesPerSecond = 5.0
    /// Probe reads that one edge schedules (tenants x probes x combinations).
    ///
    /// Beyond: not scheduled, and told by `banyan parity probe`.
    public static let probesMax = 100_000

    // MARK: Decoding bodies before comparing

    /// Bytes of one body after its content codings are taken off.
    ///
    /// Beyond: `unobserved(undecodable)`. Eight times the longest body that is kept as sent.
    public static let decodedBytesMax = 8_388_608
    /// Bytes that one byte as sent may become; text of records reaches 20, a bomb 1,000 and more.
    ///
    /// Beyond: `unobserved(undecodable)`.
    public static let decodedRatioMax = 256
    /// Decoded bytes below which the ratio is not asked: a page of spaces hurts nobody.
    public static let decodedRatioFloorBytes = 1_048_576
    /// Turns of the decoders for one body: blocks of output, and members of gzip or zstd.
    ///
    /// Beyond: `unobserved(undecodable)`. Empty members cost a turn each, and no output.
    public static let decodeStepsMax = 4_096
    /// Content codings of one body, one over the other.
    ///
    /// Beyond: `unobserved(undecodable)`. Two occur (an origin's and its proxy's).
    public static let contentCodingsMax = 4
    /// Window of a zstd frame as a power of two: 8 MiB (RFC 9659 3).
    ///
    /// Beyond: `unobserved(undecodable)`.
    public static let zstdWindowLogMax = 23
    /// Bytes of output that a decoder makes in one turn.
    public static let decodeTurnBytes = 65_536
    /// Parts of one multipart answer.
    ///
    /// Beyond: it is compared as bytes.
    public static let multipartPartsMax = 256
    /// Multipart answers inside of each other.
    ///
    /// Beyond: compared as bytes.
    public static let multipartDepthMax = 4
    /// Ids that legacy is held to while it is compared with itself.
    public static let parityNoisePairsMax = 16_384
    /// Elements and attributes of one XML document (a document of records has some 20,000).
    ///
    /// Beyond: `unobserved(undecodable)`. Bounds the parser's memory to some 40 MiB.
    public static let xmlNodesMax = 200_000
    /// Attributes of one XML element: libxml2 compares each with all others.
    ///
    /// Beyond: `unobserved(undecodable)`.
    public static let xmlAttributesMax = 512
    /// Namespaces in scope at one place of an XML document: libxml2 looks through all.
    ///
    /// Beyond: `unobserved(undecodable)`.
    public static let xmlNamespacesMax = 512
    /// Levels of one XML document: each is two levels of the tree it is compared as, of which there
    /// are `parityJSONDepthMax`.
    ///
    /// Beyond: `unobserved(undecodable)`.
    public static let xmlDepthMax = 60

    // MARK: Routing

    /// Tenants of one edge, known and forgotten, over its life.
    ///
    /// Beyond: the document is refused.
    public static let tenantsMax = 262_144
    /// Migrations of one edge over its life.
    ///
    /// Beyond: the file is refused.
    public static let migrationsMax = 1_024
    /// Routes of one snapshot, and upstreams of one snapshot.
    public static let routesMax = 16_384
    /// Upstream endpoints of one edge over its life.
    ///
    /// Beyond: the file is refused.
    public static let endpointsMax = 4_096
    /// Segments of a path that are matched.
    ///
    /// Beyond: 404 unless a shorter prefix matches.
    public static let pathSegmentsMax = 64
    /// Segments of a path that has to be rewritten (dots, `%`, `//`).
    ///
    /// Beyond: 400.
    public static let rewrittenSegmentsMax = 256
    /// Variables of one template.
    public static let templateVariablesMax = 16
    /// Steps of one regular-expression match (PCRE2 match limit).
    ///
    /// Beyond: no match, counted.
    public static let patternMatchSteps = 10_000

    // MARK: Standings

    /// Answer of a worker to a delta.
    ///
    /// Then it is named as silent, exit code 6, the flip stands.
    public static let acknowledgeTimeoutMilliseconds = 1_000
    /// Messages that wait in one worker's mailbox.
    ///
    /// Beyond: the sender waits (never a flip: deltas merge).
    public static let mailboxMessagesMax = 65_536
    /// How long a user who has written is read from the side that took the write.
    public static let settleMilliseconds = 2_000
    /// How long a write that has not ended is remembered: the longest total deadline of a route.
    public static let writeInFlightMilliseconds = 86_400_000
    /// Slots of the shared table of recent writers (8 bytes each).
    ///
    /// A full bucket of eight gives up the entry that is soonest to expire, counted.
    public static let recentWriterSlots = 1 << 20
    /// Bytes of the preallocated local journal.
    ///
    /// Full: it is compacted after the store has taken it.
    public static let journalBytes = 16 * 1_048_576

    // MARK: Documents

    /// Bytes of one JSON document.
    ///
    /// Beyond: refused with a problem.
    public static let documentBytesMax = 67_108_864
    /// Levels of nesting of one JSON document (bounds the reader's stack).
    ///
    /// Beyond: refused.
    public static let documentDepthMax = 128

    /// Levels of a targeting rule, and of a value it computes (bounds the evaluator's stack).
    ///
    /// Beyond: the document is refused; a computed value is `PARSE_ERROR`.
    public static let ruleDepthMax = 128
    /// Steps of one evaluation: rules, elements, and every 64 bytes of text.
    ///
    /// Beyond: `PARSE_ERROR`.
    public static let ruleStepsMax = 100_000

    // MARK: Store

    /// How long SQLite waits for a lock that another process holds.
    ///
    /// Then: locked, tried again later.
    public static let storeBusyMilliseconds = 150
    /// How long a flip waits for its transaction.
    ///
    /// Then it is given up, and undone if it commits.
    public static let storeWaitMilliseconds = 5_000
    /// How long a rollback waits for a healthy store, so that it can say "in the store".
    ///
    /// It is in effect and journalled by then; a store that is known to be ill is not waited for at
    /// all.
    public static let rollbackStoreWaitMilliseconds = 100
    /// How long a rollback waits for its journal.
    ///
    /// Then the answer says that it is not recorded.
    public static let journalWaitMilliseconds = 2_000
    /// Between two attempts to give a store that failed what it has missed.
    public static let storeRetryMilliseconds = 500
    /// Acts that wait for the store in memory.
    ///
    /// Beyond: the oldest stay in the journal until a start.
    public static let storeBacklogMax = 100_000

    // MARK: Files that people write

    /// Bytes of one YAML file (10,000 tenants take 2 MiB).
    ///
    /// Beyond: refused with a problem.
    public static let yamlBytesMax = 16_777_216
    /// Levels of nesting of one YAML document (bounds the stack).
    ///
    /// Beyond: refused with a problem.
    public static let yamlDepthMax = 32
    /// Values of one YAML file.
    ///
    /// Beyond: refused with a problem.
    public static let yamlNodesMax = 2_000_000
    /// Bytes of one key: keys are words.
    ///
    /// Beyond: refused with a problem.
    public static let yamlKeyBytesMax = 256
    /// Syntax errors of one file that are reported; the rest follows after the next run.
    public static let yamlProblemsMax = 32
    /// Bytes of one regular expression of a route.
    ///
    /// Beyond: refused with a problem.
    public static let patternBytesMax = 4_096
    /// Worker threads of one edge, of which each owns a core.
    public static let workersMax = 256
    /// Bytes of a path of a Unix socket (sockaddr_un, less its NUL).
    ///
    /// Beyond: refused.
    public static let unixPathBytesMax = 107
    /// Files of one folder that are read.
    ///
    /// Beyond: refused with a problem.
    public static let routeFilesMax = 10_000
    /// Findings of one run that are kept; the rest follows after the next run.
    public static let problemsMax = 10_000
    /// Seconds that a redirect may be kept by a client: what a rollback waits for at most.
    public static let redirectMaxAgeSecondsMax = 86_400

    // MARK: Parity

    /// Bytes of one JSON text that is compared (decoded).
    ///
    /// Beyond: unobserved, `body_too_large`.
    public static let parityJSONBytesMax = 67_108_864
    /// Values of one JSON text that is compared (32 bytes of memory each).
    ///
    /// Beyond: undecodable.
    public static let parityJSONValuesMax = 1_048_576
    /// Levels of nesting of one JSON text (bounds the comparer's stack).
    ///
    /// Beyond: undecodable.
    public static let parityJSONDepthMax = 128
    /// Differences of one exchange that are kept, one per place and class; the rest is counted.
    public static let parityDifferencesMax = 64
    /// Occurrences of differences in one exchange whose place is named; the rest is counted.
    public static let parityOccurrencesMax = 16_384
    /// Bytes of one differing value that are kept in memory for fingerprint and sample.
    public static let parityValueBytesMax = 65_536
    /// Cells of all alignment tables of one exchange.
    ///
    /// Beyond: arrays are compared by position.
    public static let parityAlignmentCellsMax = 4_194_304
    /// Rules of one route, presets included.
    ///
    /// Beyond: the file is refused.
    public static let parityRulesMax = 1_024
    /// Segments of one pointer pattern.
    ///
    /// Beyond: the file is refused.
    public static let parityRuleSegmentsMax = 32
    /// Entries of one compiled matcher (states x names).
    ///
    /// Beyond: the file is refused.
    public static let parityMatcherEntriesMax = 1 << 20
    /// Steps of compiling one matcher (a fraction of a second).
    ///
    /// Beyond: the file is refused.
    public static let parityMatcherWorkMax = 1 << 22
    /// Pairs of one identity table (64 bytes each).
    ///
    /// Beyond: new pairs are not learnt, counted.
    public static let parityIdentityPairsMax = 262_144

    /// Gaps of coverage that a verdict names (tenants x operations can be 300,000).
    ///
    /// Beyond: counted, not named.
    public static let coverageGapsMax = 1_000
    /// Reasons that a verdict names, worst first.
    ///
    /// Beyond: left out; the verdict stands on the first.
    public static let verdictReasonsMax = 1_000
    /// How far an observation may lie before its epoch or after "now".
    ///
    /// Beyond: the verdict is INVALID (clock skew).
    public static let parityClockSkewMaxMilliseconds = 300_000

    // MARK: Admin

    /// Bytes of an admin request's body.
    public static let adminBodyBytesMax = 1_048_576
    /// Admin connections at once.
    public static let adminConnectionsMax = 128
    /// Bytes that wait for the access log of one worker; beyond, lines are dropped and counted.
    public static let accessLogBytesMax = 4 * 1_048_576

    // MARK: Sample services

    /// Connections of a sample service at once, a thread each.
    ///
    /// Beyond: 503.
    public static let sampleConnectionsMax = 2_048
    /// Bytes of a request's content that a sample service takes.
    ///
    /// Beyond: 413.
    public static let sampleBodyBytesMax = 16 * 1_048_576
    /// Tenants whose changes a sample service keeps.
    ///
    /// Beyond: 507.
    public static let sampleTenantsMax = 20_000
    /// Records of one kind that a tenant may create.
    ///
    /// Beyond: 507.
    public static let sampleRecordsMax = 1_000
}
