// SPDX-License-Identifier: Apache-2.0

import Bytes
public import Documents
public import Migration

/// Everything that people write for one edge, read and checked as one set.
///
/// It is valid or it is not: a set with an error must never replace one without (design.md 5).
public struct EdgeFiles: Sendable {
    /// `banyan.yaml`; the defaults when it was not read.
    public var configuration = ConfigurationModel()
    /// Upstreams, routes and tenants of all route files.
    public var set = RouteSet()
    /// All flag documents; empty when one was refused.
    public var flags = FlagSet.empty
    /// What was found, by file and place; errors refuse the set.
    public var problems: [Problem] = []
    /// The files as they were read.
    public var files: [SourceFile] = []

    /// Nothing read yet.
    public init() {}

    /// Whether the set can be used.
    public var isValid: Bool { !self.problems.contains { $0.severity == .error } }

    /// Reads `banyan.yaml` and the folders that it names.
    public static func load(configuration path: String) -> EdgeFiles {
        let findings = Findings()
        let reader = SourceReader(findings: findings)
        var result = EdgeFiles()
        guard let file = reader.file(path) else {
            result.problems = findings.problems
            return result
        }
        result.files.append(file)
        findings.folder = folder(of: path)
        let configuration = ConfigurationFile(file: path, findings: findings)
        result.configuration = configuration.read(file.bytes, folder: findings.folder)
        let endings = [".yaml", ".yml"]
        let routes = reader.folder(result.configuration.routesPath, endings: endings)
        let flags = reader.folder(result.configuration.flagsPath, endings: [".json"])
        result.read(routes: routes, flags: flags, findings: findings)
        return result
    }

    /// Checks files that were read elsewhere, say by an editor or a test.
    ///
    /// Without `flags` the flags that routes name are not looked up. Paths in route files are seen
    /// from the folder of `configuration`, or of the one that stood at `configurationPath`.
    public static func check(
        configuration: SourceFile? = nil,
        routes: [SourceFile],
        flags: [SourceFile]? = nil,
        configurationPath: String? = nil
    ) -> EdgeFiles {
        let findings = Findings()
        findings.folder = (configuration?.name ?? configurationPath).map { folder(of: $0) } ?? ""
        var result = EdgeFiles()
        if let configuration {
            result.files.append(configuration)
            result.configuration = ConfigurationFile(file: configuration.name, findings: findings)
                .read(configuration.bytes, folder: folder(of: configuration.name))
        }
        result.read(routes: routes, flags: flags, findings: findings)
        return result
    }

    /// `flags`: `nil` when none are part of this set, so that their names cannot be looked up.
    mutating func read(routes: [SourceFile], flags: [SourceFile]?, findings: Findings) {
        let routeFiles = routes.map { source in
            var file = RouteFile(file: source.name, findings: findings)
            file.read(source.bytes)
            return file
        }
        var checks = RouteSetChecks(routeFiles, findings: findings)
        self.set = checks.run()
        self.files += routes
        if let flags {
            self.readFlags(flags, findings)
            self.files += flags
        }
        self.problems = findings.sorted(files: self.files.map(\.name))
    }

    /// Opens the certificates that the files name and adds what is wrong with them.
    ///
    /// Not part of reading: what only looks at routes needs no keys.
    mutating func addCertificateProblems(unixSeconds: Int64) {
        let findings = Findings()
        let found = certificateProblems(
            listeners: self.configuration.listeners,
            upstreams: self.set.upstreams,
            unixSeconds: unixSeconds
        )
        for problem in self.problems + found { findings.add(problem) }
        self.problems = findings.sorted(files: self.files.map(\.name))
    }

    private mutating func readFlags(_ sources: [SourceFile], _ findings: Findings) {
        var problems: [Problem] = []
        let loaded = FlagSet.load(sources.map { ($0.name, $0.bytes) }, problems: &problems)
        for problem in problems { findings.add(problem) }
        // What refers to a flag of a refused document is not wrong yet.
        guard let flags = loaded else { return }
        self.flags = flags
        var stages: [String: [Stage]] = [:]
        for route in self.set.routes { stages[route.migration] = route.stages }
        let booleans = self.set.routes.compactMap { $0.entitlement?.flag }
        for problem in flags.problems(stageFlags: stages, booleanFlags: booleans) {
            findings.add(problem)
        }
        var known: [String: ModelSource] = [:]
        for key in flags.keys { known[key] = flags.flag(key)?.source }
        for reference in findings.references where known[reference.name] == nil {
            switch reference.kind {
            case .upstream: break
            case .stageFlag:
                findings.add(undefined(reference, "stage flag", "R039", known: known))
            case .entitlementFlag:
                findings.add(undefined(reference, "entitlement flag", "R041", known: known))
            }
        }
    }

    /// A report on what was found.
    public func report(
        elapsedMilliseconds: Int,
        consequence: String = "Nothing was applied."
    ) -> ProblemReport {
        var byName: [String: [UInt8]] = [:]
        for file in self.files { byName[file.name] = file.bytes }
        return ProblemReport(
            self.problems,
            fileCount: self.files.count,
            elapsedMilliseconds: elapsedMilliseconds,
            consequence: consequence
        ) { byName[$0] }
    }
}

/// Reads the route files of a folder; with an error among the problems the set must not be used.
public func loadRouteSet(_ folder: String) -> (set: RouteSet, problems: [Problem]) {
    let findings = Findings()
    let reader = SourceReader(findings: findings)
    var files = EdgeFiles()
    let routes = reader.folder(folder, endings: [".yaml", ".yml"])
    files.read(routes: routes, flags: nil, findings: findings)
    return (files.set, files.problems)
}

/// Reads `banyan.yaml` alone; with an error among the problems it must not be used.
public func loadConfiguration(
    _ path: String
) -> (configuration: ConfigurationModel, problems: [Problem]) {
    let findings = Findings()
    guard let file = SourceReader(findings: findings).file(path) else {
        return (ConfigurationModel(), findings.problems)
    }
    let model = ConfigurationFile(file: path, findings: findings)
        .read(file.bytes, folder: folder(of: path))
    return (model, findings.sorted(files: [path]))
}

/// Reads the flag documents of a folder; `nil`: refused.
public func loadFlagSet(_ folder: String) -> (flags: FlagSet?, problems: [Problem]) {
    let findings = Findings()
    let files = SourceReader(findings: findings).folder(folder, endings: [".json"])
    var problems = findings.problems
    guard problems.isEmpty else { return (nil, problems) }
    let flags = FlagSet.load(files.map { ($0.name, $0.bytes) }, problems: &problems)
    return (flags, problems)
}

/// The folder of a file as the user named it; empty: the working folder.
func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "" }
    return slash == path.startIndex ? "/" : String(path[..<slash])
}
