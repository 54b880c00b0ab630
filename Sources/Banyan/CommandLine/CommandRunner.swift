// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Every command, in the order of the overview.
let allCommands: [CommandSpec] = [
    ServeCommand.spec, ValidateCommand.spec, StatusCommand.spec, ExplainCommand.spec,
    FlipCommand.spec, RollbackCommand.spec, FreezeCommand.spec,
    UnfreezeCommand.spec, TenantsListCommand.spec, TenantsAddCommand.spec,
    TenantsRemoveCommand.spec, AuditTailCommand.spec, AuditVerifyCommand.spec, ReloadCommand.spec,
    ParityStatusCommand.spec, ParityDiffCommand.spec, ParityExplainCommand.spec,
    ParitySuggestCommand.spec, ParityReportCommand.spec, ParityReplayCommand.spec,
    ParityProbeCommand.spec, ParityGrantCommand.spec, ParityGrantsCommand.spec,
    ParityRevokeCommand.spec, ParityOpenCommand.spec, ParityShredCommand.spec,
    SampleCommands.legacy, SampleCommands.modern, TourCommand.spec, VersionCommand.spec,
]

/// Runs a command line; the exit code.
func runCommandLine(
    _ arguments: [String],
    environment: [String: String],
    output: CommandOutput,
    commands: [CommandSpec] = allCommands,
    timeZone: TimeZone = .current
) -> ExitCode {
    do throws(CommandFailure) {
        switch try CommandParser(commands: commands).parse(arguments) {
        case .overview(let isAsked):
            let text = CommandHelp.overview(commands)
            guard isAsked else {
                output.note(text)
                return .usage
            }
            output.write(text)
            return .done
        case .groupHelp(let name):
            output.write(CommandHelp.group(name, commands))
            return .done
        case .help(let spec):
            output.write(CommandHelp.command(spec))
            return .done
        case .run(let parsed):
            let context = CommandContext(
                arguments: parsed,
                output: output,
                environment: environment,
                timeZone: timeZone
            )
            return try parsed.spec.run(context)
        }
    } catch {
        output.note("banyan: \(error.message)")
        if let hint = error.hint { output.note("  = \(hint)") }
        return error.code
    }
}
