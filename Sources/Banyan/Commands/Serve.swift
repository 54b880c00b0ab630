// SPDX-License-Identifier: Apache-2.0

import Control
import Foundation
import Kernel
import Migration
import TLS

/// The command `banyan serve`.
enum ServeCommand {
    static let spec = CommandSpec(
        words: ["serve"],
        summary: "Run an edge in the foreground.",
        arguments: "[--config FILE]",
        positionals: 0...0,
        options: [
            .value("--config", "FILE", "the configuration (or BANYAN_CONFIG); banyan.yaml here"),
            .value(
                "--workers",
                "NUMBER",
                "workers instead of the configuration's; 0: one per core"
            ),
            .value(
                "--core",
                "none|full",
                "core files: none (default; memory holds patient data), or full, for a debugger"
            ),
        ],
        examples: [
            CommandExample("banyan serve --config banyan.yaml", "run the edge of this folder"),
            CommandExample(
                "banyan serve --config /etc/banyan/banyan.yaml --workers 2",
                "two cores"
            ),
        ],
        exitCodes: [.failed, .unreachable, .configuration],
        notes: [
            "SIGTERM drains and ends with 0. SIGHUP reloads Routes/ and FeatureFlags/, all or\n"
                + "nothing. SIGUSR1 opens the access log's file again."
        ],
        run: run
    )

    /// Set in the environment of an edge that shall not outlive who started it (the tour).
    static let endsWithParent = "BANYAN_ENDS_WITH_PARENT"

    private static func run(_ context: CommandContext) throws(CommandFailure) -> ExitCode {
        let access = ConfigurationAccess(context)
        var configuration = try access.load()
        // Before anything uses OpenSSL.
        guard SecretHeap.wipeWhatKeysLeave() else {
            throw CommandFailure(.failed, "OpenSSL was used before its memory could be guarded")
        }
        if let text = context.arguments.value("--workers") {
            guard let workers = Int(text), (0...1_024).contains(workers) else {
                throw CommandFailure(.usage, "--workers is a number from 0 to 1024")
            }
            configuration.workers = workers
        }
        // Before any thread is started: they inherit the mask.
        let signals = Signals(blocking: [SIGTERM, SIGINT, SIGHUP, SIGUSR1])
        if ProcessInfo.processInfo.environment[self.endsWithParent] == "1", !endWithParent() {
            throw CommandFailure(.failed, "who started this edge has ended")
        }
        try setCoreFiles(context.arguments.value("--core") ?? "none", context)
        let edge = try RunningEdge(configuration, path: access.path)
        // With the access log on stdout, words for people go to stderr.
        for line in edge.greeting {
            if configuration.accessLogPath == "-" {
                context.output.note(line)
            } else {
                context.output.line(line)
            }
        }
        while true {
            switch signals.next() {
            case SIGHUP:
                context.output.note(edge.reload())
            case SIGUSR1:
                edge.reopenAccessLog()
            default:
                let milliseconds = configuration.drainTimeoutMilliseconds
                context.output.note("draining (at most \(milliseconds) ms)")
                let isClean = edge.stop()
                context.output.note(isClean ? "stopped" : "stopped; what was still open was cut")
                return .done
            }
        }
    }

    /// Memory holds patient data: it stays out of core files unless somebody asks for them.
    private static func setCoreFiles(
        _ word: String,
        _ context: CommandContext
    ) throws(CommandFailure) {
        switch word {
        case "none":
            guard disableCoreDumps() else {
                throw CommandFailure(
                    .failed,
                    "core files cannot be disabled; bodies hold patient data",
                    hint: "--core full serves all the same"
                )
            }
        case "full":
            context.output.note("--core full: a core file of this edge holds patient data")
        default:
            throw CommandFailure(.usage, "--core is none or full")
        }
    }
}
