// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Where a command finds `banyan.yaml`.
struct ConfigurationAccess {
    /// The file.
    let path: String
    /// Whether somebody named it; then it must exist.
    let isNamed: Bool

    /// The file that `--config` or BANYAN_CONFIG names; else `banyan.yaml` here or in /etc/banyan.
    init(_ context: CommandContext) {
        if let path = context.arguments.value("--config") ?? context.environment["BANYAN_CONFIG"],
            !path.isEmpty
        {
            self.path = path
            self.isNamed = true
        } else {
            let places = ["banyan.yaml", "/etc/banyan/banyan.yaml"]
            self.path =
                places.first { FileManager.default.fileExists(atPath: $0) } ?? "banyan.yaml"
            self.isNamed = false
        }
    }
}

extension ConfigurationAccess {
    /// The socket of the edge that this configuration describes.
    func socketPath() throws(CommandFailure) -> String { "banyan.sock" }
}
