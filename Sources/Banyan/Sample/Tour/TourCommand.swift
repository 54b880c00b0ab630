// SPDX-License-Identifier: Apache-2.0

import Foundation
import Kernel

/// The command `banyan sample tour`: everything on one machine, with lines to try.
enum TourCommand {
    static let spec = CommandSpec(
        words: ["sample", "tour"],
        summary: "Run an edge before the sample services, with lines to try.",
        arguments: "[--run | --isolated]",
        positionals: 0...0,
        options: [
            .value("--config", "FILE", "its banyan.yaml, Routes and FeatureFlags (banyan.yaml)"),
            .isSet("--isolated", "a copy of the files, free ports, and a state that goes away"),
            .isSet("--run", "execute the lines, as --isolated, and check what they print"),
        ],
        examples: [
            CommandExample("banyan sample tour", "what make run does; ends with Ctrl-C"),
            CommandExample("banyan sample tour --run", "see every line and its output"),
        ],
        exitCodes: [.failed],
        notes: [
            "Without --run it stays in the foreground. Needs curl for the lines, nothing to be there."
        ],
        run: run
    )

    private static func run(_ context: CommandContext) throws(CommandFailure) -> ExitCode {
        // Blocked before the first thread starts, so that only the wait below takes them.
        // SIGHUP too: a closed terminal must not leave the edge behind.
        let signals = Signals(blocking: [SIGINT, SIGTERM, SIGHUP])
        let folder = try self.folder(context)
        let world: TourWorld
        do throws(CommandFailure) {
            world = try TourWorld(folder: folder, output: context.output) {
                context.output.note("banyan: the edge has ended unasked")
                kill(getpid(), SIGTERM)
            }
        } catch {
            folder.remove()
            throw error
        }
        defer { world.stop() }
        if context.arguments.isSet("--run") {
            let run = TourRun(folder: folder, output: context.output)
            return try run.run(TourLines.all) ? .done : .failed
        }
        context.output.write(self.invitation(folder))
        _ = signals.next()
        return .done
    }

    private static func folder(_ context: CommandContext) throws(CommandFailure) -> TourFolder {
        let path =
            context.arguments.value("--config") ?? context.environment["BANYAN_CONFIG"]
            ?? "banyan.yaml"
        guard FileManager.default.isReadableFile(atPath: path) else {
            throw CommandFailure(
                .configuration,
                "there is no \(printable(path))",
                hint: "run it in the repository's root, or pass --config FILE"
            )
        }
        guard context.arguments.isSet("--isolated") || context.arguments.isSet("--run") else {
            return TourFolder(of: path)
        }
        do {
            return try TourFolder(copyOf: path)
        } catch {
            throw CommandFailure(.failed, "the files cannot be copied: \(error)")
        }
    }

    /// The lines as people see them.
    private static func invitation(_ folder: TourFolder) -> String {
        let programs = (TourWorld.executable as NSString).deletingLastPathComponent
        var text = """

            Try these in another terminal, in order. Each line of the tour is a test, too
            (banyan sample tour --run).

              cd \(folder.isCopy ? folder.path : FileManager.default.currentDirectoryPath)
              export PATH="\(programs):$PATH"

            """
        for line in TourLines.all {
            text += "\n  # \(line.title)\n  \(folder.real(line.command))\n"
        }
        return text + "\nReady. Ctrl-C ends it.\n"
    }
}
