// SPDX-License-Identifier: Apache-2.0

import Control
import Documents
import Foundation
import Kernel

/// The command `banyan explain`.
enum ExplainCommand {
    static let spec = CommandSpec(
        words: ["explain"],
        summary: "Say what happens to a request and why, or what a problem code means.",
        arguments: "METHOD URL | CODE",
        positionals: 1...2,
        options: [
            .value("--tenant", "ID", "assume this tenant instead of asking the sources"),
            .value("--user", "ID", "assume this user, for shares"),
            .value(
                "--certificate",
                "NAME",
                "a name of the client's certificate (DNS, URI)",
                isRepeatable: true
            ),
            .value("--header", "NAME: VALUE", "a header of the request", isRepeatable: true),
            .isSet("--offline", "from the files of --config alone: flags decide every standing"),
            CommandSpec.formOption,
        ] + CommandSpec.edgeOptions,
        examples: [
            CommandExample(
                "banyan explain GET https://acme.care.example/api/v1/virtual-care/sessions/7",
                "ask the running edge, or the files when there is none"
            ),
            CommandExample(
                "banyan explain POST /api/v1/care-plans --tenant acme --offline",
                "ask the files"
            ),
            CommandExample("banyan explain R012", "what a finding of validate means"),
        ],
        exitCodes: [.failed, .nothingMatched, .unreachable, .configuration],
        run: run
    )

    private static func run(_ context: CommandContext) throws(CommandFailure) -> ExitCode {
        let form = try context.form()
        guard context.arguments.positionals.count == 2 else {
            return try self.explainCode(context.positional(0), form, context)
        }
        let document = try self.ask(context)
        switch form {
        case .json: context.output.line(document.value.prettyJSON)
        case .table: context.output.write(ExplainText(document).text)
        }
        return .done
    }

    private static func explainCode(
        _ name: String,
        _ form: OutputForm,
        _ context: CommandContext
    ) throws(CommandFailure) -> ExitCode {
        guard let code = ProblemCode.named(name) else {
            let near = nearestName(name, among: ProblemCode.all.map(\.code))
            throw CommandFailure(
                .nothingMatched,
                "no problem code \"\(printable(name))\"",
                hint: near.map { "did you mean \($0)?" }
                    ?? "banyan explain METHOD URL explains a request"
            )
        }
        switch form {
        case .table: context.output.line(code.page)
        case .json:
            let document: DocumentValue = [
                "code": .string(code.code), "title": .string(code.title),
                "cause": .string(code.cause), "bad": .string(code.bad),
                "good": .string(code.good),
            ]
            context.output.line(document.prettyJSON)
        }
        return .done
    }

    /// The running edge's answer; the files' when there is none and nobody named a socket.
    private static func ask(_ context: CommandContext) throws(CommandFailure) -> DocumentNode {
        let order = try self.order(context)
        if context.arguments.isSet("--offline") {
            return try self.explain(order, Offline(context))
        }
        do throws(CommandFailure) {
            return try EdgeAccess(context).post("/explain", self.body(of: order))
        } catch {
            let offline = try Offline(context, instead: error)
            context.output.note("no edge is running: explained from files, flags decide")
            return try self.explain(order, offline)
        }
    }

    private static func explain(
        _ order: ExplainOrder,
        _ offline: Offline
    ) throws(CommandFailure) -> DocumentNode {
        try offline.read { files throws(AdminProblem) in
            DocumentNode(
                try explainOffline(
                    order,
                    files: files,
                    unixSeconds: Int64(wallMilliseconds() / 1_000)
                )
            )
        }
    }

    private static func order(_ context: CommandContext) throws(CommandFailure) -> ExplainOrder {
        var order = ExplainOrder(
            method: context.positional(0).uppercased(),
            url: context.positional(1)
        )
        order.tenant = context.arguments.value("--tenant")
        order.user = context.arguments.value("--user")
        let names = context.arguments.values("--certificate")
        if !names.isEmpty { order.certificate = names }
        for header in context.arguments.values("--header") {
            guard let colon = header.firstIndex(of: ":"), colon != header.startIndex else {
                throw CommandFailure(.usage, "--header is 'NAME: VALUE'")
            }
            let value = header[header.index(after: colon)...].drop { $0 == " " }
            order.headers.append(ControlField(String(header[..<colon]), String(value)))
        }
        return order
    }

    private static func body(of order: ExplainOrder) -> DocumentValue {
        var body: DocumentValue = [
            "method": .string(order.method), "url": .string(order.url),
            "headers": .list(
                order.headers.map { ["name": .string($0.name), "value": .string($0.value)] }
            ),
        ]
        if let tenant = order.tenant { body.set("tenant", .string(tenant)) }
        if let user = order.user { body.set("user", .string(user)) }
        if let names = order.certificate {
            body.set("certificate", .list(names.map { .string($0) }))
        }
        return body
    }
}

/// An explanation in words, one line per step of the decision.
struct ExplainText {
    private let document: DocumentNode

    init(_ document: DocumentNode) { self.document = document }

    var text: String {
        var rows: [(String, String, String)] = []
        let node = self.document
        rows.append(
            (
                "request", "\(self.word("method")) \(self.word("path"))",
                "host \(self.word("host"))"
            )
        )
        if let route = node["route"], !route.isNull {
            let target = route["isRedirectTarget"]?.bool == true ? " (redirect's target)" : ""
            rows.append(
                (
                    "route", (route["name"]?.text ?? "") + target,
                    "\(route["match"]?.text ?? "")  \(self.place(route))"
                )
            )
        } else {
            rows.append(("route", "none", ""))
        }
        rows.append(("tenant", node["tenant"]?.text ?? "*", "from \(self.word("tenantFrom"))"))
        if let flag = node["flag"] {
            rows.append(
                (
                    "flag", "\(flag["key"]?.text ?? "") = \(flag["says"]?.text ?? "?")",
                    "\(flag["rule"]?.text ?? "")  \(self.place(flag))"
                )
            )
        }
        if let standing = node["standing"] {
            let share = standing["share"]?.text ?? ""
            var note = "from \(standing["source"]?.text ?? "")"
            if let generation = standing["generation"]?.integer, generation > 0 {
                note += ", generation \(generation)"
            }
            if standing["isFrozen"]?.bool == true { note += ", writes frozen" }
            rows.append(
                (
                    "standing",
                    (standing["stage"]?.text ?? "") + (share == "100%" ? "" : " \(share)"), note
                )
            )
        }
        if let place = node["bucket"]?.integer {
            rows.append(("user", "place \(place) of 10000", ""))
        }
        rows.append(("decision", self.decision, "reason \(self.word("reason"))"))
        if let sent = node["sends"]?.text { rows.append(("sends", sent, "")) }
        return self.laidOut(rows)
    }

    private var decision: String {
        var text = self.word("answer")
        if let stage = self.document["stage"]?.text { text = "\(stage): " + text }
        if self.document["makesCopy"]?.bool == true { text += ", copy to the other" }
        if self.document["mayBeRescued"]?.bool == true { text += ", legacy rescues" }
        return text
    }

    private func word(_ key: String) -> String { self.document[key]?.text ?? "-" }

    /// `Routes/virtual-care.yaml:8`, or nothing.
    private func place(_ node: DocumentNode) -> String {
        guard let file = node["file"]?.text, let line = node["line"]?.integer else { return "" }
        return "\(file):\(line)"
    }

    private func laidOut(_ rows: [(String, String, String)]) -> String {
        let width = min(48, rows.map(\.1.count).max() ?? 0)
        var text = ""
        for row in rows {
            var line = pad(row.0, 10) + pad(printable(row.1), width) + "  " + printable(row.2)
            while line.hasSuffix(" ") { line.removeLast() }
            text += line + "\n"
        }
        return text
    }
}
