// SPDX-License-Identifier: Apache-2.0

public import Documents
public import Migration

/// What the files of an edge say, validated: what a snapshot is built from.
public struct EdgeSet: Sendable {
    /// `Routes/`: upstreams, routes, tenants.
    public var set: RouteSet
    /// `FeatureFlags/`.
    public var flags: FlagSet
    /// What somebody should look at, though the set is taken.
    public var warnings: [Problem]
    /// The files themselves, for the saved copy.
    public var files: [SourceFile] = []
    /// `banyan.yaml` as it is written now; what differs from the running one needs a restart.
    public var configuration: ConfigurationModel?
    /// Whether this is the saved copy of an earlier set, because the files are invalid now.
    public var isSavedCopy = false

    /// A set from its parts.
    public init(set: RouteSet, flags: FlagSet, warnings: [Problem] = []) {
        self.set = set
        self.flags = flags
        self.warnings = warnings
    }

    /// What was read, or everything that is wrong with it.
    public init(_ files: EdgeFiles) throws(FilesRefused) {
        guard files.isValid else { throw FilesRefused(files.problems) }
        self.init(set: files.set, flags: files.flags, warnings: files.problems)
        self.files = files.files
        self.configuration = files.configuration
    }
}

/// Why a set of files is not taken: everything that is wrong with it.
public struct FilesRefused: Error, Sendable, Equatable {
    /// The findings, errors and warnings, in file order.
    public var problems: [Problem]

    /// A refusal from its findings.
    public init(_ problems: [Problem]) { self.problems = problems }

    /// One line per finding: `FILE:LINE:COL: error: MESSAGE [CODE]`.
    public var lines: [String] {
        ProblemReport(self.problems, fileCount: 0, elapsedMilliseconds: 0, source: { _ in nil })
            .text(.short).split(separator: "\n").map(String.init)
    }

    /// What a command without an edge says of it.
    var problem: AdminProblem {
        AdminProblem(
            .filesInvalid,
            "the files are invalid",
            hint: "banyan validate",
            findings: self.lines
        )
    }
}
