// SPDX-License-Identifier: Apache-2.0

import Bytes
import Control
import Documents
import Glibc
import Kernel
import Migration

/// The commands `banyan sample legacy` and `banyan sample modern`.
enum SampleCommands {
    static let legacy = CommandSpec(
        words: ["sample", "legacy"],
        summary: "Run the sample's legacy service, digital-communication.",
        arguments: "[--listen HOST:PORT]",
        positionals: 0...0,
        options: options(listen: "where to listen (127.0.0.1:9101); port 0: the kernel chooses"),
        examples: [
            CommandExample("banyan sample legacy", "on 127.0.0.1:9101"),
            CommandExample(
                "banyan sample legacy --listen 127.0.0.1:0 --fault delay,milliseconds=200,rate=0.1",
                "any port; every tenth answer comes late"
            ),
        ],
        exitCodes: [.failed],
        notes: notes,
        run: { context throws(CommandFailure) in
            try serve([.digitalCommunication], [9_101], context)
        }
    )

    static let modern = CommandSpec(
        words: ["sample", "modern"],
        summary: "Run the sample's modern services.",
        arguments: "[--listen HOST:PORT]... [--service NAME]",
        positionals: 0...0,
        options: options(
            listen:
                "three times: a port for each service, in the order of --help; once: one for all"
        ) + [
            .value("--service", "NAME", "only this service, on one port")
        ],
        examples: [
            CommandExample("banyan sample modern", "on 127.0.0.1:9102, 9103 and 9104"),
            CommandExample(
                "banyan sample modern --service care-plan-service --listen 127.0.0.1:9200",
                "one of them"
            ),
        ],
        exitCodes: [.failed],
        notes: [
            "Services: " + SampleServiceSpec.modern.map(\.name).joined(separator: ", ") + "."
        ] + notes,
        run: runModern
    )

    private static func options(listen: String) -> [OptionSpec] {
        [
            .value("--listen", "HOST:PORT", listen, isRepeatable: true),
            .value("--seed", "NUMBER", "other records (1)"),
            .value("--fault", "FAULT", "start with a fault, see below", isRepeatable: true),
        ]
    }

    private static let notes = [
        SampleDialect.explanation,
        "Faults, KIND[,rate=0.5][,path=/api][,milliseconds=200][,times=3][,seed=7]; with a seed at\n"
            + "random, else evenly spread:\n"
            + SampleFaultKind.allCases.map { kind in
                "  \(pad(kind.rawValue, 10)) \(kind.explanation)"
            }.joined(separator: "\n"),
        """
        At run time (a service's own port, never through the edge):
          curl -X PUT -d '{"kind":"status500","rate":0.5}' http://127.0.0.1:9101/_sample/fault
          (several at once: a list of such objects)
          curl -X DELETE http://127.0.0.1:9101/_sample/fault
          curl http://127.0.0.1:9101/_sample/requests
        Answers take ?framing=chunked, gzip or close.
        """,
    ]

    private static func runModern(_ context: CommandContext) throws(CommandFailure) -> ExitCode {
        let all = SampleServiceSpec.modern
        if let name = context.arguments.value("--service") {
            guard let index = all.firstIndex(where: { $0.name == name }) else {
                var message = "there is no service \"\(printable(name))\"."
                if let near = nearestName(name, among: all.map(\.name)) {
                    message += " Did you mean \"\(near)\"?"
                }
                throw CommandFailure(
                    .usage,
                    message,
                    hint: "services: " + all.map(\.name).joined(separator: ", ")
                )
            }
            return try serve([all[index]], [9_102 + index], context)
        }
        if context.arguments.values("--listen").count == 1 {
            return try serve([.together(all)], [9_102], context)
        }
        return try serve(all, [9_102, 9_103, 9_104], context)
    }

    /// Serves until SIGINT or SIGTERM.
    private static func serve(
        _ specs: [SampleServiceSpec],
        _ ports: [Int],
        _ context: CommandContext
    ) throws(CommandFailure) -> ExitCode {
        let signals = Signals(blocking: [SIGINT, SIGTERM])
        let given = context.arguments.values("--listen")
        guard given.isEmpty || given.count == specs.count else {
            throw CommandFailure(
                .usage,
                "\(given.count) times --listen for \(specs.count) services"
            )
        }
        var endpoints = ports.map { (host: "127.0.0.1", port: $0) }
        for (index, text) in given.enumerated() { endpoints[index] = try hostAndPort(text) }
        let seed = try number(context.arguments.value("--seed") ?? "1")
        let faults = try self.faults(context.arguments.values("--fault"))
        var servers: [ControlServer] = []
        for (spec, endpoint) in zip(specs, endpoints) {
            let service = SampleService(spec, seed: seed)
            service.faults.faults = faults
            let server = try service.listen(host: endpoint.host, port: endpoint.port)
            context.output.line("\(spec.name) (\(spec.origin.word)) on \(server.address)")
            servers.append(server)
        }
        _ = signals.next()
        for server in servers { server.stop(timeoutMilliseconds: 500) }
        return .done
    }

    private static func number(_ text: String) throws(CommandFailure) -> UInt64 {
        guard let number = UInt64(text) else {
            throw CommandFailure(.usage, "--seed is a number, not \"\(printable(text))\"")
        }
        return number
    }

    private static func faults(_ texts: [String]) throws(CommandFailure) -> [SampleFault] {
        guard texts.count <= SampleFaultSwitch.most else {
            throw CommandFailure(.usage, "at most \(SampleFaultSwitch.most) times --fault")
        }
        var faults: [SampleFault] = []
        for text in texts {
            guard let fault = SampleFault(flag: text) else {
                throw CommandFailure(
                    .usage,
                    "\"\(printable(text))\" is no fault",
                    hint: "banyan sample legacy --help lists them"
                )
            }
            faults.append(fault)
        }
        return faults
    }
}

/// `127.0.0.1:9101`, `[::1]:9101` or `:9101` in its two parts.
func hostAndPort(_ text: String) throws(CommandFailure) -> (host: String, port: Int) {
    guard let colon = text.lastIndex(of: ":"),
        let port = UInt16(text[text.index(after: colon)...])
    else {
        throw CommandFailure(.usage, "\"\(printable(text))\" is not HOST:PORT")
    }
    let host = text[..<colon].filter { $0 != "[" && $0 != "]" }
    return (host.isEmpty ? "127.0.0.1" : String(host), Int(port))
}

extension SampleService {
    /// Listens, and answers from now on.
    func listen(host: String, port: Int) throws(CommandFailure) -> ControlServer {
        var options = ControlServerOptions()
        options.connectionsMax = Limits.sampleConnectionsMax
        options.bodyBytesMax = Limits.sampleBodyBytesMax
        do {
            return try ControlServer(
                .tcp(host: host, port: port),
                name: "sample",
                options: options
            ) { [self] request in self.answer(request) }
        } catch {
            switch error {
            case .badAddress(let text):
                throw CommandFailure(.usage, "\(printable(text)) is no address")
            case .inUse(let text):
                throw CommandFailure(.failed, "somebody listens on \(printable(text)) already")
            case .nobody(let what, let why), .system(let what, let why):
                throw CommandFailure(.failed, "\(what): \(why)")
            }
        }
    }
}
