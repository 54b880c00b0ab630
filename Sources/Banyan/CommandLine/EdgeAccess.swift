// SPDX-License-Identifier: Apache-2.0

import Control
import Documents
import Foundation

/// A running edge, as a command sees it: its Unix socket.
struct EdgeAccess {
    /// Where the socket is.
    let socketPath: String
    private let client: ControlClient

    /// The edge that `--socket`, BANYAN_SOCKET or a `banyan.yaml` names, in this order.
    init(_ context: CommandContext) throws(CommandFailure) {
        self.socketPath = try EdgeAccess.socketPath(context)
        do {
            self.client = try ControlClient(socketPath: self.socketPath)
        } catch {
            throw CommandFailure(
                .usage,
                "\(printable(self.socketPath)) is no path of a Unix socket",
                hint: "a socket's path has at most 107 bytes"
            )
        }
    }

    private static func socketPath(_ context: CommandContext) throws(CommandFailure) -> String {
        if let path = context.arguments.value("--socket") { return path }
        if let path = context.environment["BANYAN_SOCKET"], !path.isEmpty { return path }
        return try ConfigurationAccess(context).socketPath()
    }

    /// Asks for a document.
    func get(
        _ path: String,
        _ query: [(String, String?)] = []
    ) throws(CommandFailure) -> DocumentNode {
        try self.ask("GET", path + EdgeAccess.tail(query), nil)
    }

    static func tail(_ query: [(String, String?)]) -> String {
        let pairs = query.compactMap { name, value in
            value.map { "\(name)=\(percentEncoded($0))" }
        }
        return pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&")
    }

    /// Asks for something in the form that it has, whatever that is.
    func fetch(
        _ path: String,
        _ query: [(String, String?)]
    ) throws(CommandFailure) -> ControlResponse {
        let answer = try self.send("GET", path + EdgeAccess.tail(query), nil)
        guard answer.status >= 300 else { return answer }
        throw EdgeAccess.refusal(answer)
    }

    /// Asks for something to be done.
    func post(_ path: String, _ body: DocumentValue) throws(CommandFailure) -> DocumentNode {
        try self.ask("POST", path, body)
    }

    /// Asks for something to be taken away.
    func delete(_ path: String) throws(CommandFailure) -> DocumentNode {
        try self.ask("DELETE", path, nil)
    }

    private func ask(
        _ method: String,
        _ path: String,
        _ body: DocumentValue?
    ) throws(CommandFailure) -> DocumentNode {
        let answer = try self.send(method, path, body)
        guard answer.status < 300 else { throw EdgeAccess.refusal(answer) }
        do {
            return try DocumentNode.parse(json: answer.bytes, file: "answer")
        } catch {
            throw EdgeAccess.unreadable(answer)
        }
    }

    private func send(
        _ method: String,
        _ path: String,
        _ body: DocumentValue?
    ) throws(CommandFailure) -> ControlResponse {
        do {
            return try self.client.send(
                method,
                "/admin/v1" + path,
                headers: body == nil ? [] : [ControlField("Content-Type", "application/json")],
                body: body?.jsonBytes ?? []
            )
        } catch {
            throw self.unreachable(error)
        }
    }

    /// What an answer that is no success says.
    private static func refusal(_ answer: ControlResponse) -> CommandFailure {
        guard let document = try? DocumentNode.parse(json: answer.bytes, file: "answer") else {
            return self.unreadable(answer)
        }
        if let problem = AdminProblem(document: document) { return failure(of: problem) }
        return CommandFailure(.failed, "the edge answered \(answer.status)")
    }

    private static func unreadable(_ answer: ControlResponse) -> CommandFailure {
        if answer.status == 503 {
            return CommandFailure(.unreachable, "the edge is starting or stopping")
        }
        return CommandFailure(
            .failed,
            "the edge answered \(answer.status) with something that is no JSON"
        )
    }

    private func unreachable(_ error: ControlServerError) -> CommandFailure {
        let words: String
        var isNobody = false
        switch error {
        case .nobody(let what, let why):
            words = "\(what): \(why)"
            isNobody = true
        case .system(let what, let why): words = "\(what): \(why)"
        case .badAddress(let address): words = "\(address) is no address"
        case .inUse(let address): words = "\(address) is in use"
        }
        var failure = CommandFailure(
            words.contains("Permission denied") ? .permission : .unreachable,
            "no edge at \(printable(self.socketPath)) (\(words))",
            hint: "is it running? banyan serve --config banyan.yaml; or name another --socket PATH"
        )
        failure.isNobodyThere = isNobody
        return failure
    }
}

/// The exit code and words of a refusal.
func failure(of problem: AdminProblem) -> CommandFailure {
    let code: ExitCode =
        switch problem.code {
        case .invalid, .reasonRequired, .confirmationRequired, .methodNotAllowed: .usage
        case .notPermitted: .permission
        case .nothingMatched: .nothingMatched
        case .gateRefused: .refused
        case .conflict: .conflict
        case .storeUnavailable, .unavailable: .unreachable
        case .notFound, .refused, .filesInvalid, .chainBroken, .failed: .failed
        }
    let lines = [printable(problem.detail)] + problem.findings.map(printable)
    return CommandFailure(
        code,
        lines.joined(separator: "\n"),
        hint: problem.hint.map(printable)
    )
}
