// SPDX-License-Identifier: Apache-2.0

import Foundation

let arguments = Array(CommandLine.arguments.dropFirst())
let environment = ProcessInfo.processInfo.environment
let output = CommandOutput.standard(
    environment: environment,
    isColourRefused: arguments.contains("--no-color")
)
let code = runCommandLine(arguments, environment: environment, output: output)
exit(code.rawValue)
