// SPDX-License-Identifier: Apache-2.0

import Documents

/// How one endpoint is, as `banyan status` tells it.
public struct EndpointStatus: Hashable, Sendable {
    /// What is known.
    public enum State: String, Hashable, Sendable {
        /// Checks say that it is well.
        case healthy
        /// Checks say that it is not.
        case unhealthy
        /// It is looked at, and no verdict has been reached: it is used.
        case unknown
        /// Nobody looks at it: it is used.
        case unchecked
        /// Its name has no address for it.
        case unresolved
    }

    /// The upstream's name.
    public var upstream: String
    /// As the file has it, and `#2` for the second address of a name.
    public var endpoint: String
    /// Where it is; `nil`: nowhere.
    public var address: String?
    /// What is known.
    public var state = State.unchecked
    /// Since when, ms since 1970.
    public var sinceMilliseconds: UInt64 = 0
    /// Why: what the last check or the last question to DNS came to; `nil`: nothing is wrong.
    public var reason: String?
    /// Workers that have ejected it for now: requests failed there.
    public var ejectedWorkers = 0
    /// Its number, for the workers' figures; not sent.
    var number: UInt32 = 0
    /// Whether the endpoint is a name.
    public var isNamed = false
    /// Whether it is looked at.
    public var isChecked = false

    /// A row from its names.
    public init(upstream: String, endpoint: String) {
        self.upstream = upstream
        self.endpoint = endpoint
    }

    /// The row as it is sent.
    var document: DocumentValue {
        [
            "upstream": .string(self.upstream), "endpoint": .string(self.endpoint),
            "address": .optional(self.address), "state": .string(self.state.rawValue),
            "sinceMilliseconds": .integer(self.sinceMilliseconds),
            "reason": .optional(self.reason), "isNamed": .bool(self.isNamed),
            "isChecked": .bool(self.isChecked), "ejectedWorkers": .integer(self.ejectedWorkers),
        ]
    }

    init?(document: DocumentNode) {
        guard let upstream = document["upstream"]?.text, let endpoint = document["endpoint"]?.text,
            let state = document["state"]?.text.flatMap({ State(rawValue: $0) })
        else { return nil }
        self.init(upstream: upstream, endpoint: endpoint)
        self.address = document["address"]?.text
        self.state = state
        self.sinceMilliseconds = UInt64(document["sinceMilliseconds"]?.integer ?? 0)
        self.reason = document["reason"]?.text
        self.isNamed = document["isNamed"]?.bool ?? false
        self.isChecked = document["isChecked"]?.bool ?? false
        self.ejectedWorkers = document["ejectedWorkers"]?.integer ?? 0
    }
}
