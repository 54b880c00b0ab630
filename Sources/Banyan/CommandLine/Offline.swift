// SPDX-License-Identifier: Apache-2.0

import Control
import Foundation

/// A command that does without a running edge: it reads the files instead.
struct Offline {
    private let configurationPath: String

    /// Because it was asked for.
    init(_ context: CommandContext) {
        self.configurationPath = ConfigurationAccess(context).path
    }

    /// Because no edge answers.
    ///
    /// - Throws: `failure` when it is another one, when the socket was named (what was named must
    ///   answer), or when there are no files.
    init(_ context: CommandContext, instead failure: CommandFailure) throws(CommandFailure) {
        self.init(context)
        let isNamed =
            context.arguments.value("--socket") != nil
            || !(context.environment["BANYAN_SOCKET"] ?? "").isEmpty
        guard failure.isNobodyThere, !isNamed,
            FileManager.default.fileExists(atPath: self.configurationPath)
        else { throw failure }
    }

    /// Reads the files with `read`; invalid ones are the configuration's fault.
    func read<Result>(
        _ read: (EdgeFiles) throws(AdminProblem) -> Result
    ) throws(CommandFailure) -> Result {
        do throws(AdminProblem) {
            return try read(EdgeFiles.load(configuration: self.configurationPath))
        } catch {
            var failure = failure(of: error)
            if error.code == .filesInvalid { failure.code = .configuration }
            throw failure
        }
    }
}
