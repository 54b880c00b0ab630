// SPDX-License-Identifier: Apache-2.0

public import Documents

/// All flags of one edge: the documents of `FeatureFlags/` as one set, deeply immutable.
public struct FlagSet: Sendable {
    /// The documents in the order given.
    public let documents: [FlagDocument]
    private let byKey: [String: Flag]

    /// No flags: everything is in doubt.
    public static let empty = FlagSet(documents: [], byKey: [:])

    private init(documents: [FlagDocument], byKey: [String: Flag]) {
        self.documents = documents
        self.byKey = byKey
    }

    /// Reads the documents as one set, every problem of every file in one run; `nil`: refused.
    ///
    /// A key may stand in one file only: which of two flags holds must never depend on file order.
    public static func load(
        _ files: [(file: String, bytes: [UInt8])],
        problems: inout [Problem]
    ) -> FlagSet? {
        var documents: [FlagDocument] = []
        var byKey: [String: Flag] = [:]
        var found: [Problem] = []
        for (file, bytes) in files {
            guard let document = FlagDocument.read(json: bytes, file: file, problems: &found)
            else { continue }
            documents.append(document)
            for flag in document.flags {
                if let other = byKey[flag.key] {
                    found.append(
                        Problem(
                            code: "F011",
                            "flag `\(flag.key)` is defined twice",
                            file: file,
                            at: flag.source.position,
                            length: flag.key.unicodeScalars.count + 2,
                            caret: "first in \(other.source.file):\(other.source.position.line)"
                        )
                    )
                } else {
                    byKey[flag.key] = flag
                }
            }
        }
        problems += found
        guard !found.contains(where: { $0.severity == .error }) else { return nil }
        return FlagSet(documents: documents, byKey: byKey)
    }

    /// The flag with this key.
    public func flag(_ key: String) -> Flag? { self.byKey[key] }

    /// Every key, sorted.
    public var keys: [String] { self.byKey.keys.sorted() }

    /// Evaluates a flag for a context; see ``Flag/evaluate(_:unixSeconds:expecting:)``.
    public func evaluate(
        _ key: String,
        _ context: FlagContext,
        unixSeconds: Int64,
        expecting type: FlagValueType? = nil
    ) -> FlagEvaluation {
        guard let flag = self.byKey[key] else {
            let metadata = self.documents.count == 1 ? self.documents[0].metadata : []
            var evaluation = FlagEvaluation(key, .error, metadata: metadata)
            evaluation.fail(.flagNotFound, "no flag `\(key)`")
            return evaluation
        }
        return flag.evaluate(context, unixSeconds: unixSeconds, expecting: type)
    }

    /// What is wrong with flags that routes use: types, and variants that are no stage of theirs.
    ///
    /// `stageFlags` names each stage flag with the stages that its migration uses. Flags that are
    /// missing are the caller's to report, at the route that names them.
    public func problems(
        stageFlags: [String: [Stage]],
        booleanFlags: [String]
    ) -> [Problem] {
        var problems: [Problem] = []
        for (key, stages) in stageFlags.sorted(by: { $0.key < $1.key }) {
            guard let flag = self.byKey[key] else { continue }
            guard flag.type == .string else {
                problems.append(FlagSet.wrongType(flag, "a stage flag has texts as variants"))
                continue
            }
            for variant in flag.variants {
                problems +=
                    FlagSet.problem(ofStageVariant: variant, flag, stages).map { [$0] } ?? []
            }
        }
        for key in Set(booleanFlags).sorted() {
            guard let flag = self.byKey[key], flag.type != .boolean else { continue }
            problems.append(FlagSet.wrongType(flag, "an entitlement flag has booleans as variants"))
        }
        return problems
    }

    private static func wrongType(_ flag: Flag, _ message: String) -> Problem {
        let node = flag.variants.first?.node
        return Problem(
            code: "F030",
            "flag `\(flag.key)`: \(message)",
            file: flag.source.file,
            at: node?.position ?? flag.source.position,
            length: node?.length ?? 1,
            caret: "this is \(node?.value.kind ?? "nothing")"
        )
    }

    private static func problem(
        ofStageVariant variant: DocumentMember,
        _ flag: Flag,
        _ stages: [Stage]
    ) -> Problem? {
        let word = variant.node.text ?? ""
        if let stage = Stage(name: word), stages.contains(stage) { return nil }
        let names = stages.map(\.name)
        let isStage = Stage(name: word) != nil
        let message =
            isStage
            ? "stage `\(word)` is not used by migration `\(flag.key)`"
            : "variant `\(variant.key)` of stage flag `\(flag.key)` is no stage"
        return Problem(
            code: isStage ? "F032" : "F031",
            message,
            file: flag.source.file,
            at: variant.node.position,
            length: variant.node.length,
            caret: nearestName(word, among: names).map { "did you mean `\($0)`?" } ?? "",
            notes: ["its stages: " + names.joined(separator: ", ")]
        )
    }
}
