// SPDX-License-Identifier: Apache-2.0

/// One line of `/readyz?verbose`.
public struct HealthCheck: Hashable, Sendable {
    /// How it stands.
    public enum State: Sendable {
        /// As it should be.
        case ok
        /// Traffic is served, but somebody should look.
        case degraded
        /// No new traffic should come here.
        case failed
    }

    /// A word: `config`, `store`, `workers`.
    public var name: String
    /// How it stands.
    public var state: State
    /// What is the matter; empty when nothing is.
    public var detail: String

    /// A check from its parts.
    public init(_ name: String, _ state: State, _ detail: String = "") {
        self.name = name
        self.state = state
        self.detail = detail
    }

    /// `[+]config ok`, `[!]store degraded: ...`, `[-]draining failed: ...`.
    var line: String {
        let mark = self.state == .ok ? "[+]" : self.state == .degraded ? "[!]" : "[-]"
        let word = self.state == .ok ? "ok" : self.state == .degraded ? "degraded" : "failed"
        return "\(mark)\(self.name) \(word)" + (self.detail.isEmpty ? "" : ": \(self.detail)")
    }
}

/// What the observability listener asks for.
public struct ObservedEdge: Sendable {
    /// The checks of `/readyz`.
    public var checks: @Sendable () -> [HealthCheck]
    /// The families of `/metrics`.
    public var figures: @Sendable () -> [MetricFamily]

    /// An edge from its two questions.
    public init(
        checks: @escaping @Sendable () -> [HealthCheck],
        figures: @escaping @Sendable () -> [MetricFamily]
    ) {
        self.checks = checks
        self.figures = figures
    }

    /// Answers `/livez`, `/readyz`, `/metrics`; nothing else lives on this listener.
    ///
    /// Machines use the status only; `?verbose` is for people, `?exclude=NAME` leaves a check out.
    public func answer(_ request: ControlRequest) -> ControlResponse {
        guard request.method == "GET" || request.method == "HEAD" else {
            var response = ControlResponse.text("only GET and HEAD\n", status: 405)
            response.headers.append(ControlField("Allow", "GET, HEAD"))
            return response
        }
        switch request.path {
        case "/livez":
            return .text("ok\n")
        case "/readyz":
            return self.readiness(request)
        case "/metrics":
            let format = MetricsFormat(accept: request.header("accept"))
            return ControlResponse(
                contentType: format.contentType,
                body: Array(metricsPage(self.figures(), format: format).utf8)
            )
        default:
            return .text("try /livez, /readyz, /readyz?verbose, /metrics\n", status: 404)
        }
    }

    private func readiness(_ request: ControlRequest) -> ControlResponse {
        let excluded = request.query["exclude"]?.split(separator: ",").map(String.init) ?? []
        let checks = self.checks().filter { !excluded.contains($0.name) }
        let isReady = !checks.contains { $0.state == .failed }
        let word = isReady ? "ok\n" : "not ready\n"
        guard request.query["verbose"] != nil else {
            return .text(word, status: isReady ? 200 : 503)
        }
        let lines = checks.map { $0.line + "\n" }.joined()
        return .text(lines + "readyz " + word, status: isReady ? 200 : 503)
    }
}
