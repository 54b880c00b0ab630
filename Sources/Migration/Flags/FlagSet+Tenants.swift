// SPDX-License-Identifier: Apache-2.0

import Documents

/// Tenants as flags see them, prepared once for many flags: contexts, and who shares labels.
///
/// The context of a tenant has `targetingKey`, `tenant` and `id` (its id), `labels` (an object),
/// and each label at the top level too, unless its name is one of these four.
public struct FlagTenants: Sendable {
    let contexts: [FlagContext]
    /// Indices of tenants that have the same labels.
    let groups: [[Int]]

    /// The tenants in this order, which is the order of every answer.
    public init(_ tenants: [TenantModel]) {
        self.contexts = tenants.map { FlagTenants.context(of: $0) }
        var groups: [[Int]] = []
        var groupOfLabels: [[String: String]: Int] = [:]
        for (index, tenant) in tenants.enumerated() {
            if let group = groupOfLabels[tenant.labels] {
                groups[group].append(index)
            } else {
                groupOfLabels[tenant.labels] = groups.count
                groups.append([index])
            }
        }
        self.groups = groups
    }

    /// What flags may read of a tenant.
    public static func context(of tenant: TenantModel) -> FlagContext {
        let labels = tenant.labels.mapValues { LogicValue.string($0) }
        var attributes = labels
        let id = LogicValue.string(tenant.id)
        attributes["targetingKey"] = id
        attributes["tenant"] = id
        attributes["id"] = id
        attributes["labels"] = .object(labels)
        return FlagContext(attributes: attributes)
    }
}

extension FlagSet {
    /// What a stage flag says for each tenant, in their order.
    ///
    /// Doubt (`stage` is `nil`): no such flag, disabled, no default, another type, an error in the
    /// rule, or a text that is no stage of the migration. `unixSeconds` is `$flagd.timestamp`.
    public func resolveStages(
        _ key: String,
        stages: [Stage],
        tenants: FlagTenants,
        unixSeconds: Int64
    ) -> [StageResolution] {
        self.resolve(key, tenants, unixSeconds, expecting: .string) { evaluation in
            let stage = evaluation.value?.text.flatMap { Stage(name: $0) }
            return StageResolution(
                stage: stage.flatMap { stages.contains($0) ? $0 : nil },
                isTargeted: evaluation.reason == .targetingMatch
            )
        }
    }

    /// What a stage flag says for each tenant; for one flag only, else prepare the tenants once.
    public func resolveStages(
        _ key: String,
        stages: [Stage],
        tenants: [TenantModel],
        unixSeconds: Int64
    ) -> [StageResolution] {
        self.resolveStages(
            key,
            stages: stages,
            tenants: FlagTenants(tenants),
            unixSeconds: unixSeconds
        )
    }

    /// What a stage flag says for requests of no known tenant: its rule sees an empty context.
    public func resolveStage(
        _ key: String,
        stages: [Stage],
        unixSeconds: Int64
    ) -> StageResolution {
        let nobody = FlagTenants(nobody: ())
        return self.resolveStages(key, stages: stages, tenants: nobody, unixSeconds: unixSeconds)[0]
    }

    /// What an entitlement flag says for each tenant, in their order; doubt is `unknown`.
    public func resolveBooleans(
        _ key: String,
        tenants: FlagTenants,
        unixSeconds: Int64
    ) -> [Entitlement] {
        self.resolve(key, tenants, unixSeconds, expecting: .boolean) { evaluation in
            switch evaluation.value?.bool {
            case true?: .licensed
            case false?: .unlicensed
            case nil: .unknown
            }
        }
    }

    /// What an entitlement flag says for each tenant; for one flag only.
    public func resolveBooleans(
        _ key: String,
        tenants: [TenantModel],
        unixSeconds: Int64
    ) -> [Entitlement] {
        self.resolveBooleans(key, tenants: FlagTenants(tenants), unixSeconds: unixSeconds)
    }

    /// One evaluation where one is enough: rules are pure, so one that has not read who the tenant
    /// is says the same for all tenants of the same labels.
    private func resolve<Answer>(
        _ key: String,
        _ tenants: FlagTenants,
        _ unixSeconds: Int64,
        expecting type: FlagValueType,
        _ answer: (FlagEvaluation) -> Answer
    ) -> [Answer] {
        guard let flag = self.flag(key), flag.isEnabled, flag.targeting != nil else {
            let evaluation = self.evaluate(key, .empty, unixSeconds: unixSeconds, expecting: type)
            return Array(repeating: answer(evaluation), count: tenants.contexts.count)
        }
        var answers: [Answer?] = Array(repeating: nil, count: tenants.contexts.count)
        for group in tenants.groups {
            var shared: Answer?
            for index in group {
                if let shared {
                    answers[index] = shared
                    continue
                }
                let (evaluation, hasReadSubject) = flag.trace(
                    tenants.contexts[index],
                    unixSeconds: unixSeconds,
                    expecting: type
                )
                answers[index] = answer(evaluation)
                if !hasReadSubject { shared = answers[index] }
            }
        }
        return answers.compactMap { $0 }
    }
}

extension FlagTenants {
    /// One tenant that is nobody.
    init(nobody: Void) {
        self.contexts = [.empty]
        self.groups = [[0]]
    }
}
