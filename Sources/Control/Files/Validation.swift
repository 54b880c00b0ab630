// SPDX-License-Identifier: Apache-2.0

import Bytes
public import Documents
import Foundation
import Migration
import YAML

/// What `banyan validate [PATH...]` found.
public struct ValidationResult: Sendable {
    /// Everything that was read, with the problems.
    public var files: EdgeFiles
    /// How long it took.
    public var elapsedMilliseconds: Int

    /// Files that were read, by what they are, for the line of success.
    public var counts: String {
        let flags = self.files.flags.documents.count
        let names = self.files.files.map(\.name)
        let routeFiles = names.count {
            ($0.hasSuffix(".yaml") || $0.hasSuffix(".yml"))
        }
        let set = self.files.set
        return "\(routeFiles) YAML files (\(set.routes.count) routes, \(set.upstreams.count) "
            + "upstreams, \(set.tenants.count) tenants), \(flags) flag files "
            + "(\(self.files.flags.keys.count) flags)"
    }

    /// Asks DNS for the names of endpoints; those without an address become warnings.
    ///
    /// Blocks, `Limits.nameLoadWaitMilliseconds` at most: a start of the edge waits no longer.
    public mutating func resolveNames() {
        let watch = UpstreamWatch(self.files.configuration.nameServers) { 0 }
        defer { watch.stop() }
        self.files.problems += watch.lookUp(self.files.set.upstreams).warnings
    }

    /// The report for people, editors or programs.
    public func report(consequence: String = "Nothing was applied.") -> ProblemReport {
        self.files.report(
            elapsedMilliseconds: self.elapsedMilliseconds,
            consequence: consequence
        )
    }
}

/// Checks configurations, folders and single files as one set; without network, nothing is applied.
///
/// A path is a `banyan.yaml` (with the folders that it names), a folder of route files and flag
/// documents or one that holds a `banyan.yaml`, or one file of either sort. Names that a single
/// file uses are looked up only when whole folders are given. None: `banyan.yaml` here.
public func validateAll(_ paths: [String]) -> ValidationResult {
    let clock = ContinuousClock()
    let start = clock.now
    let findings = Findings()
    var gathering = Gathering(findings: findings)
    for path in paths.isEmpty ? ["banyan.yaml"] : paths { gathering.add(path) }
    var files = EdgeFiles()
    files.files = gathering.configurations
    if let configuration = gathering.configuration { files.configuration = configuration }
    if !gathering.hasWholeFolder { findings.isIncomplete = true }
    files.read(
        routes: gathering.routes,
        flags: gathering.flags.isEmpty ? nil : gathering.flags,
        findings: findings
    )
    if gathering.configuration != nil {
        files.addCertificateProblems(unixSeconds: Int64(Date().timeIntervalSince1970))
    }
    let elapsed = clock.now - start
    let milliseconds =
        elapsed.components.seconds * 1_000 + elapsed.components.attoseconds / 1_000_000_000_000_000
    return ValidationResult(files: files, elapsedMilliseconds: Int(milliseconds))
}

/// Sorts what was named into configurations, route files and flag documents, each once.
private struct Gathering {
    let findings: Findings
    var configuration: ConfigurationModel?
    var configurations: [SourceFile] = []
    var routes: [SourceFile] = []
    var flags: [SourceFile] = []
    var hasWholeFolder = false
    private var seen: Set<String> = []

    init(findings: Findings) {
        self.findings = findings
    }

    mutating func add(_ path: String) {
        let reader = SourceReader(findings: self.findings)
        let attributes = try? FileManager.default.attributesOfItem(atPath: path + "/.")
        guard attributes?[.type] as? FileAttributeType == .typeDirectory else {
            if let file = reader.file(path) { self.add(file) }
            return
        }
        let configuration = resolve("banyan.yaml", against: path)
        if FileManager.default.fileExists(atPath: configuration) {
            if let file = reader.file(configuration) { self.add(file) }
            return
        }
        self.addFolder(path)
    }

    private mutating func addFolder(_ path: String) {
        let reader = SourceReader(findings: self.findings)
        for file in reader.folder(path, endings: [".yaml", ".yml"]) where self.isNew(file) {
            self.hasWholeFolder = true
            self.routes.append(file)
        }
        for file in reader.folder(path, endings: [".json"]) where self.isNew(file) {
            self.flags.append(file)
        }
    }

    private mutating func add(_ file: SourceFile) {
        guard self.isNew(file) else { return }
        if file.name.hasSuffix(".json") {
            self.flags.append(file)
        } else if Gathering.isConfiguration(file) {
            self.configurations.append(file)
            self.findings.folder = folder(of: file.name)
            let reading = ConfigurationFile(file: file.name, findings: self.findings)
            let model = reading.read(file.bytes, folder: folder(of: file.name))
            self.configuration = model
            self.addFolder(model.routesPath)
            if model.flagsPath != model.routesPath { self.addFolder(model.flagsPath) }
        } else {
            self.routes.append(file)
        }
    }

    private mutating func isNew(_ file: SourceFile) -> Bool {
        let url = URL(fileURLWithPath: file.name).standardizedFileURL
        return self.seen.insert(url.path).inserted
    }

    /// By its name, or because its first document has a key of a configuration and no kind.
    private static func isConfiguration(_ file: SourceFile) -> Bool {
        if file.name == "banyan.yaml" || file.name.hasSuffix("/banyan.yaml") { return true }
        let document = YAMLDocuments(yaml: file.bytes, file: file.name).documents.first
        return document?["listeners"] != nil && document?["kind"] == nil
    }
}
