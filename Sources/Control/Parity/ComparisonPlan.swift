// SPDX-License-Identifier: Apache-2.0

import Bytes
public import Migration
public import Parity
import Store

/// How the answers of one route are compared: its rules, compiled once when files are loaded.
public struct ComparisonPlan: Sendable {
    /// What the route's file says.
    public let model: ParityModel
    /// Presets and rules.
    public let ruleSet: RuleSet
    /// Whether a rule learns ids: then equal bytes are compared, too.
    let learnsIdentities: Bool
    /// Rule sets for answers of one FHIR resource type, by that type.
    let typeRuleSets: [String: RuleSet]
    /// SHA-256, in hexadecimal, over everything that decides how answers are compared: a new one
    /// begins an epoch.
    public let ruleSetHash: String
    /// Path prefix of URLs in legacy's answers.
    public let legacyPathPrefix: String
    /// The same of modern's.
    public let modernPathPrefix: String

    /// Compiles a model.
    ///
    /// - Throws: ``RuleSetError`` when a rule is none, names an unknown place, or all together are
    ///   too many.
    public init(
        model: ParityModel,
        legacyPathPrefix: String = "",
        modernPathPrefix: String = ""
    ) throws(RuleSetError) {
        self.model = model
        self.legacyPathPrefix = legacyPathPrefix
        self.modernPathPrefix = modernPathPrefix
        self.ruleSet = try compiledRules(model, resourceType: "")
        var sets: [String: RuleSet] = [:]
        if model.presets.contains(where: { $0.hasPrefix("fhir") }) {
            for type in presetResourceTypes {
                sets[type] = try compiledRules(model, resourceType: type)
            }
        }
        self.typeRuleSets = sets
        self.learnsIdentities = self.ruleSet.rules.contains { $0.kind == .identifier }
        var bytes = self.ruleSet.canonicalBytes
        for type in presetResourceTypes { bytes += sets[type]?.canonicalBytes ?? [] }
        for part in model.headers.sorted() + ["\n", legacyPathPrefix, modernPathPrefix] {
            bytes += part.utf8
            bytes.append(0)
        }
        self.ruleSetHash = Digest(of: bytes).hex
    }

    /// The plan of a route; prefixes of URLs are the literal beginnings of its origins' paths.
    public init(route: RouteModel) throws(RuleSetError) {
        let match = route.matches.first { $0.pathType != .regularExpression }?.path ?? ""
        try self.init(
            model: route.parity,
            legacyPathPrefix: literalPrefix(route.legacy?.path ?? match),
            modernPathPrefix: literalPrefix(route.modern.path ?? match)
        )
    }

    /// The rules for an answer of this resource type.
    func rules(resourceType: String) -> RuleSet {
        self.typeRuleSets[resourceType] ?? self.ruleSet
    }
}

private func compiledRules(
    _ model: ParityModel,
    resourceType: String
) throws(RuleSetError) -> RuleSet {
    try RuleSet(
        rules: model.rules,
        presets: model.presets.flatMap { parityPreset($0, resourceType: resourceType) ?? [] },
        zeroTolerance: model.zeroTolerance
    )
}

/// Whole segments of a template before its first variable: `/fhir/r4` of `/fhir/r4/{type}/{id}`.
private func literalPrefix(_ template: String) -> String {
    let head = template.prefix { $0 != "{" }
    guard head.count < template.count else { return String(head) }
    return String(head[..<(head.lastIndex(of: "/") ?? head.startIndex)])
}
