// SPDX-License-Identifier: Apache-2.0

import Documents
import Migration

/// Whether every template of a route fits every match: what origins and redirect fill in must be
/// bound, and a redirect must have a way back (design.md 2).
func checkTemplates(_ spec: FieldReader, _ model: RouteModel) -> Bool {
    var isValid = true
    for key in ["legacy", "modern"] {
        guard let node = spec.node[key]?["path"], let text = node.text else { continue }
        isValid = checkBinding(text, node, "spec.\(key).path", spec, model) && isValid
    }
    guard let redirect = model.redirect, let node = spec.node["redirect"]?["to"] else {
        return isValid
    }
    let target: PathTemplate
    do throws(PathTemplateError) {
        target = try PathTemplate(redirect.to)
    } catch {
        spec.problem("R030", "`\(printable(redirect.to))` is no path template", node, error.advice)
        return false
    }
    for match in model.matches {
        guard match.pathType != .regularExpression else {
            spec.problem(
                "R033",
                "a redirect of a regular expression has no way back",
                node,
                "write the match as a Template",
                notes: ["the match: \(match.source.file):\(match.source.position.line)"]
            )
            return false
        }
        guard let source = match.template else { continue }
        do throws(PathTemplateError) {
            _ = try target.inverse(
                of: source,
                among: model.matches.compactMap(\.template),
                staysOnHost: model.redirectStaysOnHost
            )
        } catch {
            report(error, match, node, spec)
            return false
        }
    }
    return isValid
}

private func report(
    _ error: PathTemplateError,
    _ match: RouteMatchModel,
    _ node: DocumentNode,
    _ spec: FieldReader
) {
    let place = "the match: `\(match.path)` (\(match.source.file):\(match.source.position.line))"
    let (code, message): (String, String) =
        switch error {
        case .unboundVariable: ("R032", "`spec.redirect.to` uses a variable without a value")
        case .loops: ("R034", "`spec.redirect.to` leads to its own match for ever")
        case .openRedirect: ("R035", "`spec.redirect.to` could lead anywhere")
        default: ("R033", "`spec.redirect.to` has no way back")
        }
    spec.problem(code, message, node, error.advice, notes: [place])
}

private func checkBinding(
    _ text: String,
    _ node: DocumentNode,
    _ name: String,
    _ spec: FieldReader,
    _ model: RouteModel
) -> Bool {
    guard let template = try? PathTemplate(text) else { return false }
    for match in model.matches {
        guard let source = match.template else { continue }
        do throws(PathTemplateError) {
            try template.checkBinding(source)
        } catch {
            let bound = source.variables.map { "{\($0)}" }.joined(separator: ", ")
            let place = "\(match.source.file):\(match.source.position.line)"
            spec.problem(
                "R032",
                "`\(name)` uses a variable without a value",
                node,
                error.advice,
                notes: ["bound by `\(match.path)` (\(place)): \(bound.isEmpty ? "nothing" : bound)"]
            )
            return false
        }
    }
    return true
}

extension RouteMatchModel {
    /// The path as the snapshot sees it: a prefix binds `{rest...}`, an exact path nothing.
    var template: PathTemplate? {
        switch self.pathType {
        case .template, .exact: return try? PathTemplate(self.path)
        case .pathPrefix:
            let isRoot = self.path == "/"
            let base =
                isRoot ? "" : self.path.hasSuffix("/") ? String(self.path.dropLast()) : self.path
            return try? PathTemplate(base + "/{rest...}")
        case .regularExpression: return try? PathTemplate("/{rest...}")
        }
    }
}
