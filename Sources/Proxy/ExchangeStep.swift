// SPDX-License-Identifier: Apache-2.0

/// The life of one request, step by step: where each is written, and what may follow.
///
/// Errors leave at any step for `Rescue.swift`, which alone decides what the client sees.
///
///     accept    Accept/Listener.swift           ▶ decode
///     decode    Decode/HTTP1Server.swift        ▶ ready, refused
///     ready     Decode/RequestReady.swift       ▶ match
///     match     Match/RouteMatchStep.swift      ▶ pick, local (no route, bad path)
///     pick      Pick/StageDecision.swift        ▶ reach, local (redirect, gone, 403, 503)
///     reach     Reach/Connect.swift             ▶ request
///     request   Relay/RequestRelay.swift        ▶ answer
///     answer    Relay/HTTP1Client.swift         ▶ body, reach (rescue)
///     body      Relay/ResponseRelay.swift       ▶ finish
///     tunnel    Tunnel/TunnelRelay.swift        ▶ tally (instead of a body, after a 101)
///     local     Relay/LocalAnswer.swift         ▶ finish
///     finish    Relay/Finish.swift              ▶ tally
///     tally     Tally/AccessRecord.swift        ▶ shadow, decode (next request), closed
///     shadow    Shadow/ShadowCopy.swift         ▶ reach (as a copy)
public enum ExchangeStep: String, CaseIterable, Sendable {
    /// A connection is taken.
    case accept
    /// Bytes become a head.
    case decode
    /// A head becomes an exchange.
    case ready
    /// Path, tenant, route.
    case match
    /// One decision.
    case pick
    /// A connection to the origin.
    case reach
    /// The request goes up.
    case request
    /// The answer's head comes back.
    case answer
    /// The answer's body goes down.
    case body
    /// Another protocol's bytes, both ways.
    case tunnel
    /// Banyan answers by itself.
    case local
    /// The last byte is with the kernel.
    case finish
    /// Counted and logged.
    case tally
    /// The copy for the other origin.
    case shadow

    /// The file of this module in which the step is written.
    public var file: String {
        switch self {
        case .accept: "Accept/Listener.swift"
        case .decode: "Decode/HTTP1Server.swift"
        case .ready: "Decode/RequestReady.swift"
        case .match: "Match/RouteMatchStep.swift"
        case .pick: "Pick/StageDecision.swift"
        case .reach: "Reach/Connect.swift"
        case .request: "Relay/RequestRelay.swift"
        case .answer: "Relay/HTTP1Client.swift"
        case .body: "Relay/ResponseRelay.swift"
        case .tunnel: "Tunnel/TunnelRelay.swift"
        case .local: "Relay/LocalAnswer.swift"
        case .finish: "Relay/Finish.swift"
        case .tally: "Tally/AccessRecord.swift"
        case .shadow: "Shadow/ShadowCopy.swift"
        }
    }
}
