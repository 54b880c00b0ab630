// SPDX-License-Identifier: Apache-2.0

import Foundation
import Kernel

/// The files that a tour's edge runs on, and where its parts listen.
struct TourFolder {
    /// The `banyan.yaml` that the edge reads.
    let configurationPath: String
    /// Addresses as they stand in the repository's files, and what takes their place.
    let addresses: [(written: String, real: String)]
    /// Whether the folder is a copy that goes away with the tour.
    let isCopy: Bool

    /// The folder that holds `banyan.yaml`, `Routes` and `FeatureFlags`.
    var path: String {
        let folder = (self.configurationPath as NSString).deletingLastPathComponent
        return folder.isEmpty ? "." : folder
    }

    /// The files as they are.
    init(of configurationPath: String) {
        self.configurationPath = configurationPath
        self.addresses = []
        self.isCopy = false
    }

    /// A copy in a temporary folder, with ports that are free and a state of its own.
    init(copyOf configurationPath: String) throws {
        let manager = FileManager.default
        // Under /tmp and short: a Unix socket's path has at most 107 bytes.
        let folder = "/tmp/banyan-tour-\(UUID().uuidString.prefix(8))"
        try manager.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let written = [TourLines.edge, TourLines.observe] + TourLines.services
        let ports = try freePorts(written.count)
        self.addresses = zip(written, ports).map { (written: $0, real: "127.0.0.1:\($1)") }
        self.configurationPath = folder + "/banyan.yaml"
        self.isCopy = true
        let source = (configurationPath as NSString).deletingLastPathComponent
        let root = source.isEmpty ? "." : source
        var names = ["banyan.yaml"]
        for part in ["Routes", "FeatureFlags"] {
            try manager.createDirectory(
                atPath: "\(folder)/\(part)",
                withIntermediateDirectories: true
            )
            let files = try manager.contentsOfDirectory(atPath: "\(root)/\(part)").sorted()
            names += files.map { "\(part)/\($0)" }
        }
        for name in names {
            let from = name == "banyan.yaml" ? configurationPath : "\(root)/\(name)"
            let text = try String(contentsOfFile: from, encoding: .utf8)
            try Data(self.real(text).utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
        }
    }

    /// A text with the addresses that are really served.
    func real(_ text: String) -> String {
        self.addresses.reduce(text) { $0.replacingOccurrences(of: $1.written, with: $1.real) }
    }

    /// Removes a copy.
    func remove() {
        if self.isCopy { try? FileManager.default.removeItem(atPath: self.path) }
    }
}

/// Ports that the kernel had free a moment ago.
///
/// Another process may take one in between; then the listener says so, and the tour ends with that.
private func freePorts(_ count: Int) throws -> [Int] {
    // All are held until the last is known: no port is given twice.
    var ports: [Int] = []
    var servers: [Int32] = []
    defer { for fd in servers { closeDescriptor(fd) } }
    for _ in 0..<count {
        let listener = try listen(on: resolve(host: "127.0.0.1", port: 0)[0], sharesPort: false)
        ports.append(localAddress(of: listener.number).port)
        servers.append(listener.release())
    }
    return ports
}
