// SPDX-License-Identifier: Apache-2.0

import Control
import Documents
import Foundation
import Migration

/// Where a command finds `banyan.yaml`.
struct ConfigurationAccess {
    /// The file.
    let path: String
    /// Whether somebody named it; then it must exist.
    let isNamed: Bool

    /// The file that `--config` or BANYAN_CONFIG names; else `banyan.yaml` here or in /etc/banyan.
    init(_ context: CommandContext) {
        let named = context.arguments.value("--config") ?? context.environment["BANYAN_CONFIG"]
        if let named, !named.isEmpty {
            self.path = named
            self.isNamed = true
        } else {
            let places = ["banyan.yaml", "/etc/banyan/banyan.yaml"]
            self.path =
                places.first { FileManager.default.fileExists(atPath: $0) } ?? "banyan.yaml"
            self.isNamed = false
        }
    }

    /// The configuration; exit 78 when it is invalid, or named and not there.
    func load() throws(CommandFailure) -> ConfigurationModel {
        let (configuration, problems) = loadConfiguration(self.path)
        guard !problems.contains(where: { $0.severity == .error }) else {
            throw CommandFailure(
                .configuration,
                FilesRefused(problems).lines.joined(separator: "\n"),
                hint: "banyan validate \(printable(self.path)) shows every finding"
            )
        }
        return configuration
    }

    /// The socket of the edge that this configuration describes; its default without one.
    func socketPath() throws(CommandFailure) -> String {
        guard self.isNamed || FileManager.default.fileExists(atPath: self.path) else {
            return ConfigurationModel().adminSocket
        }
        return try self.load().adminSocket
    }
}
