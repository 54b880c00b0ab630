// SPDX-License-Identifier: Apache-2.0

import Documents
import Migration

/// Finds matches that no rule of precedence tells apart, and redirects that run in a circle.
///
/// The compiler refuses the first such pair; this names all of them, before it.
struct RouteRankChecks {
    let findings: Findings

    private struct Seen {
        var route: String
        var source: ModelSource
        var isTarget: Bool
    }

    /// Host, kind, shape and conditions: equal for matches of equal rank at one place.
    private var seen: [String: Seen] = [:]

    init(findings: Findings) {
        self.findings = findings
    }

    mutating func check(_ routes: [RouteModel]) {
        let circles = self.reportCircles(routes)
        for route in routes {
            for match in route.matches {
                guard let shape = RouteRankChecks.shape(match) else { continue }
                self.note(route, match, shape: shape, isTarget: false, route.hostnames)
            }
        }
        for route in routes where !circles.contains(route.name) {
            guard let redirect = route.redirect, redirect.isServedHere,
                let target = try? PathTemplate(redirect.to)
            else { continue }
            var own: Set<String> = []
            for match in route.matches {
                guard let source = match.template,
                    let inverse = try? target.inverse(
                        of: source,
                        staysOnHost: route.redirectStaysOnHost
                    )
                else { continue }
                let implicit = match.redirected(to: inverse)
                let key = RouteRankChecks.key(implicit, shape: inverse.shape)
                guard own.insert(key).inserted else { continue }
                self.note(
                    route,
                    implicit,
                    shape: inverse.shape,
                    isTarget: true,
                    route.redirectHostnames
                )
            }
        }
    }

    private mutating func note(
        _ route: RouteModel,
        _ match: RouteMatchModel,
        shape: String,
        isTarget: Bool,
        _ hostnames: [String]
    ) {
        for hostname in hostnames.isEmpty ? [""] : hostnames {
            let key = hostname + "\n" + RouteRankChecks.key(match, shape: shape)
            guard let other = self.seen[key] else {
                self.seen[key] = Seen(route: route.name, source: match.source, isTarget: isTarget)
                continue
            }
            let subject =
                isTarget
                ? "the redirect's target of route `\(route.name)`" : "this match of `\(route.name)`"
            self.findings.add(
                Problem(
                    code: "R024",
                    "\(subject) takes the same requests as route `\(other.route)`",
                    file: match.source.file,
                    at: match.source.position,
                    caret: "no rule of precedence tells them apart",
                    notes: [
                        "the other match: \(other.source.file):\(other.source.position.line)"
                    ]
                )
            )
            return
        }
    }

    /// Two matches of one place have equal rank when kind and conditions are the same.
    private static func key(_ match: RouteMatchModel, shape: String) -> String {
        [match.pathType.rawValue, shape, match.conditions].joined(separator: "\n")
    }

    private static func shape(_ match: RouteMatchModel) -> String? {
        match.pathType == .regularExpression ? match.path : match.template?.shape
    }

    // MARK: Circles

    /// Routes whose redirects lead to each other: each would undo the other's.
    private func reportCircles(_ routes: [RouteModel]) -> Set<String> {
        var matched: [String: [Int]] = [:]
        for (index, route) in routes.enumerated() where route.redirect != nil {
            for match in route.matches {
                guard let shape = RouteRankChecks.shape(match) else { continue }
                matched[shape, default: []].append(index)
            }
        }
        var next: [Int: Int] = [:]
        for (index, route) in routes.enumerated() {
            guard let redirect = route.redirect, redirect.isServedHere,
                let target = try? PathTemplate(redirect.to)
            else { continue }
            for match in route.matches {
                guard let source = match.template,
                    let inverse = try? target.inverse(
                        of: source,
                        staysOnHost: route.redirectStaysOnHost
                    )
                else { continue }
                let others = matched[inverse.shape] ?? []
                next[index] = others.first {
                    $0 != index && sharesHost(route.redirectHostnames, routes[$0].hostnames)
                }
            }
        }
        var inCircle: Set<String> = []
        for start in next.keys.sorted() where !inCircle.contains(routes[start].name) {
            var path = [start]
            while let step = path.last.flatMap({ next[$0] }), path.count <= routes.count {
                if step == start {
                    self.report(path.map { routes[$0] })
                    inCircle.formUnion(path.map { routes[$0].name })
                    break
                }
                guard !path.contains(step) else { break }
                path.append(step)
            }
        }
        return inCircle
    }

    private func report(_ circle: [RouteModel]) {
        guard let first = circle.first else { return }
        let names = (circle + [first]).map { "`\($0.name)`" }.joined(separator: " to ")
        self.findings.add(
            Problem(
                code: "R034",
                "redirects run in a circle: \(names)",
                file: first.source.file,
                at: first.source.position,
                caret: "",
                notes: circle.dropFirst().map {
                    "`\($0.name)` is in \($0.source.file):\($0.source.position.line)"
                }
            )
        )
    }
}

private func sharesHost(_ a: [String], _ b: [String]) -> Bool {
    a.isEmpty || b.isEmpty || !Set(a).isDisjoint(with: b)
}
