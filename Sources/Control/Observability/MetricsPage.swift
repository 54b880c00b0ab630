// SPDX-License-Identifier: Apache-2.0

/// Which exposition format a scraper asked for.
public enum MetricsFormat: Sendable {
    /// Prometheus text format 0.0.4.
    case prometheus
    /// OpenMetrics 1.0: family names without `_total`, and `# EOF` at the end.
    case openMetrics

    /// The format for an `Accept` field; Prometheus text unless OpenMetrics is named.
    public init(accept: String?) {
        let asksOpen = accept?.lowercased().contains("application/openmetrics-text") ?? false
        self = asksOpen ? .openMetrics : .prometheus
    }

    /// `Content-Type` of the page.
    public var contentType: String {
        switch self {
        case .prometheus: "text/plain; version=0.0.4; charset=utf-8"
        case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
        }
    }
}

/// Writes families as a metrics page, by name; families of one name are joined.
public func metricsPage(_ families: [MetricFamily], format: MetricsFormat = .prometheus) -> String {
    var byName: [String: MetricFamily] = [:]
    for family in families {
        byName[
            family.name,
            default: MetricFamily(family.name, family.kind, family.help, samples: [])
        ]
        .samples += family.samples
    }
    var page = ""
    for family in byName.values.sorted(by: { $0.name < $1.name }) where !family.samples.isEmpty {
        write(family, format, into: &page)
    }
    if format == .openMetrics { page += "# EOF\n" }
    return page
}

private func write(_ family: MetricFamily, _ format: MetricsFormat, into page: inout String) {
    var name = family.name
    if format == .openMetrics, family.kind == .counter, name.hasSuffix("_total") {
        name.removeLast("_total".count)
    }
    let help = escaped(family.help, quotes: format == .openMetrics)
    page += "# HELP \(name) \(help)\n# TYPE \(name) \(family.kind.rawValue)\n"
    for sample in family.samples {
        page += family.name + sample.suffix
        if !sample.labels.isEmpty {
            let labels = sample.labels.map { "\($0.name)=\"\(escaped($0.value, quotes: true))\"" }
            page += "{" + labels.joined(separator: ",") + "}"
        }
        page += " \(metricNumber(sample.value))\n"
    }
}

private func escaped(_ text: String, quotes: Bool) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\\": result += "\\\\"
        case "\n": result += "\\n"
        case "\"" where quotes: result += "\\\""
        default: result.unicodeScalars.append(scalar)
        }
    }
    return result
}
