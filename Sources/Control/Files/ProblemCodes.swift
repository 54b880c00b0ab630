// SPDX-License-Identifier: Apache-2.0

internal import Documents
internal import Migration

/// One code of a finding about files, for `banyan explain CODE`.
///
/// Codes never change their meaning.
public struct ProblemCode: Sendable, Hashable {
    /// The code, say `R012`.
    ///
    /// R: route files and `banyan.yaml` (R1.. are warnings); Y: YAML; J: JSON; F: flag documents.
    public var code: String
    /// One line: what is wrong.
    public var title: String
    /// Why it is refused, and what to do.
    public var cause: String
    /// What brings it about.
    public var bad: String
    /// The same, right.
    public var good: String

    init(_ code: String, _ title: String, _ cause: String, bad: String, good: String) {
        self.code = code
        self.title = title
        self.cause = cause
        self.bad = bad
        self.good = good
    }

    /// The code with this name, upper or lower case.
    public static func named(_ name: String) -> ProblemCode? {
        let wanted = name.uppercased()
        return self.all.first { $0.code == wanted }
    }

    /// Every code that a route file, `banyan.yaml` or a document can bring about, in order.
    public static let all: [ProblemCode] =
        documentCodes + fieldCodes + routeCodes + buildCodes + syntaxCodes
        + (Documents.ProblemCode.json + Documents.ProblemCode.flags).map {
            ProblemCode($0.code, $0.title, $0.advice, bad: $0.bad, good: $0.good)
        }

    /// What `banyan explain CODE` prints.
    public var page: String {
        func indented(_ text: String) -> String {
            text.split(separator: "\n", omittingEmptySubsequences: false)
                .map { "    \($0)" }.joined(separator: "\n")
        }
        return "\(self.code): \(self.title)\n\n\(self.cause)\n\nrefused:\n\(indented(self.bad))\n\n"
            + "right:\n\(indented(self.good))\n"
    }
}

private let documentCodes: [ProblemCode] = [
    ProblemCode(
        "R001",
        "unknown apiVersion",
        "Documents of route files name the version of their format, so that an edge never guesses.",
        bad: "apiVersion: banyan/v1",
        good: "apiVersion: banyan.dev/v1"
    ),
    ProblemCode(
        "R002",
        "unknown kind",
        "A document is an Upstream, a MigrationRoute or a Tenant.",
        bad: "kind: Route",
        good: "kind: MigrationRoute"
    ),
    ProblemCode(
        "R004",
        "not a name",
        "Names stand in commands, logs and metrics: lower-case letters, digits, `.`, `_` and `-`, at "
            + "most 63, first a letter or digit.",
        bad: "metadata: { name: Virtual Care }",
        good: "metadata: { name: virtual-care }"
    ),
    ProblemCode(
        "R005",
        "a file or folder cannot be read",
        "It is missing, closed to this user, or too large. What it defines is not known then, so names "
            + "that are not found are not reported in the same run.",
        bad: "routes: Route",
        good: "routes: Routes"
    ),
    ProblemCode(
        "R006",
        "more than one edge holds",
        "Tables of an edge have bounds (Sources/Bytes/Limits.swift); the note names the one that was met.",
        bad: "(300,000 tenants)",
        good: "(262,143 tenants)"
    ),
    ProblemCode(
        "R007",
        "banyan.yaml is exactly one document",
        "Routes, upstreams and tenants go into their own files.",
        bad: "listeners: [...]\n---\nkind: Upstream",
        good: "listeners: [...]"
    ),
    ProblemCode(
        "R009",
        "a kind of another system",
        "HTTPRoute and its neighbours are not read by this release. A MigrationRoute's matches have the "
            + "same fields, types and defaults.",
        bad: "kind: HTTPRoute",
        good: "kind: MigrationRoute"
    ),
]

private let fieldCodes: [ProblemCode] = [
    ProblemCode(
        "R010",
        "a value of the wrong type",
        "Texts that look like numbers or booleans need quotes, so that `1.10` never becomes `1.1`.",
        bad: "labels: { wave: 1 }",
        good: "labels: { wave: \"1\" }"
    ),
    ProblemCode(
        "R011",
        "a field is missing",
        "The note says what belongs there.",
        bad: "redirect: { status: 301 }",
        good: "redirect: { to: /api/v1/new, status: 301 }"
    ),
    ProblemCode(
        "R012",
        "unknown field",
        "A field that is not known is never skipped: a slip in a match would let a route take more than "
            + "was meant. The nearest name and all allowed ones are given.",
        bad: "shadow: { smaple: 10% }",
        good: "shadow: { sample: 10% }"
    ),
    ProblemCode(
        "R013",
        "a value that is not among the allowed ones",
        "The note lists them.",
        bad: "data: both",
        good: "data: shared"
    ),
    ProblemCode(
        "R014",
        "not a quantity",
        "Sizes are 512B, 64Ki, 1Mi; durations 250ms, 2s, 5m, 12h, 14d; percentages 10%, 99.99%. The unit "
            + "is always written, so that nobody takes seconds for milliseconds.",
        bad: "timeouts: { connect: 2 }",
        good: "timeouts: { connect: 2s }"
    ),
    ProblemCode(
        "R015",
        "out of range",
        "The note names the bounds.",
        bad: "shadow: { maxBody: 1Gi }",
        good: "shadow: { maxBody: 64Ki }"
    ),
    ProblemCode(
        "R016",
        "not a name of its sort",
        "Flag keys, aliases, JSON pointers and paths have their own letters; the note names them.",
        bad: "stage: { flag: \"care plans/1\" }",
        good: "stage: { flag: care-plans }"
    ),
    ProblemCode(
        "R017",
        "the field belongs in another file",
        "banyan.yaml says how an edge runs, route files what it does, flag documents where new cells "
            + "start. The note names the right one.",
        bad: "# in banyan.yaml\nmatches: [...]",
        good: "# in Routes/care-plans.yaml\nspec: { matches: [...] }"
    ),
    ProblemCode(
        "R018",
        "a list without an entry",
        "At least one is needed.",
        bad: "endpoints: []",
        good: "endpoints: [\"10.0.0.7:8080\"]"
    ),
    ProblemCode(
        "R019",
        "not a date",
        "Dates are UTC.",
        bad: "sunset: 1.3.2027",
        good: "sunset: 2027-03-01"
    ),
    ProblemCode(
        "R020",
        "a name is defined twice",
        "Which of two holds must never depend on the order of files.",
        bad: "kind: Upstream\nmetadata: { name: a }\n---\nkind: Upstream\nmetadata: { name: a }",
        good: "kind: Upstream\nmetadata: { name: a }\n---\nkind: Upstream\nmetadata: { name: b }"
    ),
    ProblemCode(
        "R021",
        "a host means two tenants",
        "A request would be counted for, licensed to and moved with the wrong customer.",
        bad: "acme: hosts: [care.example]\nglobex: hosts: [care.example]",
        good: "acme: hosts: [acme.care.example]\nglobex: hosts: [globex.care.example]"
    ),
    ProblemCode(
        "R022",
        "an alias means two tenants",
        "Ids and aliases share one space of words.",
        bad: "acme: aliases: [globex]\nglobex: {}",
        good: "acme: aliases: [acme-health]\nglobex: {}"
    ),
    ProblemCode(
        "R025",
        "an entry stands twice",
        "One of the two was probably meant to be something else.",
        bad: "hosts: [a.example, a.example]",
        good: "hosts: [a.example, b.example]"
    ),
    ProblemCode(
        "R044",
        "not a host",
        "A DNS name or address without scheme, port and path.",
        bad: "hosts: [\"https://acme.example/\"]",
        good: "hosts: [acme.example]"
    ),
    ProblemCode(
        "R045",
        "not an address",
        "Endpoints and listeners are host:port (IPv6 in brackets), endpoints also unix:path; trusted peers "
            + "are blocks without bits behind their prefix.",
        bad: "endpoints: [\"10.0.0.7\"]",
        good: "endpoints: [\"10.0.0.7:8080\"]"
    ),
    ProblemCode(
        "R070",
        "not a path of a Unix socket",
        "The kernel takes 107 bytes, the folder of banyan.yaml included, from which relative paths are "
            + "seen.",
        bad: "endpoints: [\"unix:\"]",
        good: "endpoints: [\"unix:run/legacy.sock\"]"
    ),
    ProblemCode(
        "R071",
        "a field that this type of health check has no use for",
        "What is written would have no effect, and somebody would rely on it.",
        bad: "active: { type: tcp, path: /livez }",
        good: "active: { type: http, path: /livez }"
    ),
    ProblemCode(
        "R072",
        "not a name server",
        "Who resolves names cannot be a name: an address, with a port unless it is 53.",
        bad: "dns: { servers: [ns.example] }",
        good: "dns: { servers: [\"10.0.0.53\"] }"
    ),
    ProblemCode(
        "R080",
        "a key of `balance` that does not fit its policy",
        "Only consistentHash looks at a key, and at one.",
        bad: "balance: { policy: roundRobin, hash: tenant }",
        good: "balance: { policy: consistentHash, hash: tenant }"
    ),
    ProblemCode(
        "R081",
        "not a domain or path of a cookie",
        "Domains are host names, paths begin with `/`; neither has spaces or `;`.",
        bad: "cookies: { path: { old: /new } }",
        good: "cookies: { path: { /old: /new } }"
    ),
    ProblemCode(
        "R074",
        "a field that another one leaves no meaning for",
        "A listener either speaks TLS or sends everybody to one that does; and browsers take HSTS only "
            + "over TLS (RFC 6797 8.1).",
        bad: "{ address: \"0.0.0.0:8080\", hsts: { maxAge: 365d } }",
        good: "{ address: \"0.0.0.0:8443\", tls: {...}, hsts: { maxAge: 365d } }"
    ),
]

private let routeCodes: [ProblemCode] = [
    ProblemCode(
        "R023",
        "routes of one migration disagree",
        "Routes with one stage flag move together, so they list the same stages and the same `data`.",
        bad: "a: stages: [legacy, modern]\nb: stages: [legacy, live, modern]",
        good: "a: stages: [legacy, live, modern]\nb: stages: [legacy, live, modern]"
    ),
    ProblemCode(
        "R024",
        "two matches take the same requests",
        "No rule of precedence tells them apart: same host, same kind and shape of path, same conditions. "
            + "A redirect's target counts as a match of its route.",
        bad: "a: /visits/{id}\nb: /visits/{number}",
        good: "a: /visits/{id}\nb: /visits/{id}/notes"
    ),
    ProblemCode(
        "R030",
        "not a path that can match",
        "Paths are matched in canonical form: absolute, no empty or dot segments, nothing that must be "
            + "encoded. `{name}` takes one whole segment, `{name...}` the rest and comes last.",
        bad: "/visits/{rest...}/notes",
        good: "/visits/{id}/notes"
    ),
    ProblemCode(
        "R031",
        "an upstream is not defined",
        "Every origin and default names an Upstream document.",
        bad: "modern: { upstream: virtual-care-servce }",
        good: "modern: { upstream: virtual-care-service }"
    ),
    ProblemCode(
        "R032",
        "a template uses a variable without a value",
        "`path` and `to` are filled with what the match has bound; every match of the route must bind it. "
            + "A PathPrefix binds `{rest}`.",
        bad: "match: /visits/{id}\npath: /v2/visits/{visit}",
        good: "match: /visits/{id}\npath: /v2/visits/{id}"
    ),
    ProblemCode(
        "R033",
        "a redirect has no way back",
        "A rollback must reach clients that kept the new URL: from it the old path must follow. So the "
            + "target uses every variable of the match, and the match is no regular expression.",
        bad: "match: /visits/{id}/notes/{note}\nto: /notes/{note}",
        good: "match: /visits/{id}/notes/{note}\nto: /v2/visits/{id}/notes/{note}"
    ),
    ProblemCode(
        "R034",
        "a redirect runs in a circle",
        "The target is matched by what redirects to it.",
        bad: "match: /visits/{id}\nto: /visits/{id}",
        good: "match: /visits/{id}\nto: /v2/visits/{id}"
    ),
    ProblemCode(
        "R035",
        "an open redirect",
        "Whoever writes the URL of a request must never choose the host of the answer: `to` is a path "
            + "whose first segment is fixed, `hostname` has no variables.",
        bad: "to: //{host}/visits",
        good: "to: /visits\nhostname: https://care.example"
    ),
    ProblemCode(
        "R036",
        "stage and field `redirect` belong together",
        "The stage says when, the field where to.",
        bad: "stages: [legacy, modern, redirect]",
        good: "stages: [legacy, modern, redirect]\nredirect: { to: /v2/visits/{id} }"
    ),
    ProblemCode(
        "R037",
        "stage dual without legacy",
        "`dual` asks both origins at once and compares their answers; a service without `legacy` has "
            + "only one.",
        bad: "modern: { upstream: care }\nstages: [dual, live, modern]",
        good:
            "legacy: { upstream: old }\nmodern: { upstream: care }\nstages: [legacy, dual, modern]"
    ),
    ProblemCode(
        "R038",
        "stages out of order",
        "Stages stand in the order in which a cell goes through them, each once.",
        bad: "stages: [legacy, live, shadow, modern]",
        good: "stages: [legacy, shadow, live, modern]"
    ),
    ProblemCode(
        "R039",
        "a stage flag is not defined",
        "Cells that nobody has touched stand where the flag puts them. Its key is `stage.flag`, by default "
            + "the route's name; its variants are stages of the route.",
        bad: "stage: { flag: virtual-car }",
        good: "stage: { flag: virtual-care }"
    ),
    ProblemCode(
        "R041",
        "an entitlement flag is not defined",
        "An unknown entitlement lets every request through and counts it: a slip would give the module away.",
        bad: "entitlement: { flag: ehr.careplans }",
        good: "entitlement: { flag: ehr.care_plans }"
    ),
    ProblemCode(
        "R043",
        "a regular expression is refused",
        "PCRE2 cannot compile it, or it is too long. It is anchored at both ends.",
        bad: "value: /visits/([0-9]+",
        good: "value: /visits/[0-9]+"
    ),
    ProblemCode(
        "R046",
        "sunset before deprecation",
        "RFC 9745 4: a resource is deprecated before it goes.",
        bad: "deprecation: 2027-01-01\nsunset: 2026-01-01",
        good: "deprecation: 2026-01-01\nsunset: 2027-01-01"
    ),
    ProblemCode(
        "R047",
        "a header or cookie that cannot be used",
        "Names are tokens (RFC 9110 5.6.2), values have no control characters, and fields that frame a "
            + "message or that banyan sets itself belong to no file.",
        bad: "headers: { set: { Content-Length: \"0\" } }",
        good: "headers: { set: { X-Side: modern } }"
    ),
    ProblemCode(
        "R048",
        "not a method",
        "Methods are case-sensitive (RFC 9110 9.1): write them in upper case.",
        bad: "safe: [\"post /search\"]",
        good: "safe: [\"POST /search\"]"
    ),
    ProblemCode(
        "R049",
        "fields that exclude each other",
        "Exactly one of them is written.",
        bad: "user: { cookie: sid, header: X-User }",
        good: "user: { cookie: sid }"
    ),
    ProblemCode(
        "R050",
        "a stage without its origin",
        "Without `legacy` (a greenfield service) a cell begins at `live` or later.",
        bad: "modern: {...}\nstages: [legacy, modern]",
        good: "modern: {...}\nstages: [modern]"
    ),
    ProblemCode(
        "R101",
        "a file without a document",
        "Only a warning: the file may be kept for later.",
        bad: "# nothing yet",
        good: "apiVersion: banyan.dev/v1\nkind: Upstream\n..."
    ),
    ProblemCode(
        "R103",
        "a tenant header that nobody may send",
        "Only peers in `trustedPeers` may name the tenant in a header; the list is empty by default.",
        bad: "tenant: { sources: [{ header: X-Tenant-Id }] }",
        good: "tenant: { sources: [{ header: X-Tenant-Id }] }\ntrustedPeers: [10.0.0.0/8]"
    ),
    ProblemCode(
        "R104",
        "301 with a long max-age",
        "Browsers answer a kept 301 themselves: until it has run out, a rollback does not reach them.",
        bad: "redirect: { to: /v2, status: 301, maxAge: 1d }",
        good: "redirect: { to: /v2, status: 301, maxAge: 1m }"
    ),
]

private let syntaxCodes: [ProblemCode] = [
    ProblemCode(
        "Y001",
        "not YAML",
        "The document is left out; reading goes on after the next `---` line.",
        bad: "a: [1, 2",
        good: "a: [1, 2]"
    ),
    ProblemCode(
        "Y002",
        "a key stands twice",
        "Which of two values holds must never depend on the reader.",
        bad: "hosts: [a.example]\nhosts: [b.example]",
        good: "hosts: [a.example, b.example]"
    ),
    ProblemCode(
        "Y003",
        "an anchor or alias",
        "They hide from a reviewer what a document says: write it out.",
        bad: "a: &x 1\nb: *x",
        good: "a: 1\nb: 1"
    ),
    ProblemCode(
        "Y004",
        "a tag",
        "Types follow from the writing alone.",
        bad: "a: !!str 1",
        good: "a: \"1\""
    ),
    ProblemCode(
        "Y005",
        "nested too deep",
        "No document needs more than 32 levels.",
        bad: "[[[[...]]]]",
        good: "[...]"
    ),
    ProblemCode(
        "Y006",
        "a file too large",
        "Files have at most 16 MiB and 2,000,000 values: split it.",
        bad: "(tenants of all regions)",
        good: "(a file per region)"
    ),
    ProblemCode(
        "Y007",
        "not a key",
        "Keys are words of 1 to 256 bytes.",
        bad: "? [a, b]\n: 1",
        good: "ab: 1"
    ),
    ProblemCode(
        "Y008",
        "not a number that a file can hold",
        "Infinity and NaN mean nothing here.",
        bad: "a: .inf",
        good: "a: 1000"
    ),
    ProblemCode(
        "Y009",
        "unreadable bytes",
        "Files are UTF-8 without byte order mark and control characters.",
        bad: "(a file in Latin-1)",
        good: "(the same in UTF-8)"
    ),
    ProblemCode(
        "Y010",
        "a merge key",
        "`<<` belongs to YAML 1.1: write the fields out.",
        bad: "<<: { a: 1 }",
        good: "a: 1"
    ),
    ProblemCode(
        "Y011",
        "a directive",
        "Files are YAML 1.2; `%` lines are not needed.",
        bad: "%YAML 1.1\n---\na: 1",
        good: "a: 1"
    ),
]

/// What only the whole set shows, when a snapshot is built of it.
private let buildCodes: [ProblemCode] = [
    ProblemCode(
        "R090",
        "an upstream's host has no address",
        "Whoever resolved the name gave something that is no address.",
        bad: "spec: { endpoints: [\"virtual-car.internal:8080\"] }",
        good: "spec: { endpoints: [\"virtual-care.internal:8080\"] }"
    ),
    ProblemCode(
        "R091",
        "two matches have the same rank",
        "Which of the two routes a request belongs to would depend on the order of files.",
        bad: "two routes with path: { type: Exact, value: /a }",
        good: "one of them with a method, a header or a longer path"
    ),
    ProblemCode(
        "R092",
        "a regular expression does not compile",
        "It is compiled by PCRE2 and anchored at both ends.",
        bad: "path: { type: RegularExpression, value: \"/a(\" }",
        good: "path: { type: RegularExpression, value: \"/a(b)?\" }"
    ),
    ProblemCode(
        "R093",
        "a template does not fit its match",
        "A target may only use variables that every match of the route binds.",
        bad: "match /a/{id}, modern.path /b/{name}",
        good: "match /a/{id}, modern.path /b/{id}"
    ),
    ProblemCode(
        "R094",
        "a listener's default upstream is not defined",
        "Requests that match no route would have no origin.",
        bad: "default: legcy",
        good: "default: legacy"
    ),
    ProblemCode(
        "R096",
        "a certificate, key or list cannot be used",
        "The message names the file and what is wrong: it cannot be read, is not PEM, the key is not the "
            + "certificate's, others may read it, or two certificates bear one name.",
        bad: "{ chain: tls/edge.pem, key: tls/other.key }",
        good: "{ chain: tls/edge.pem, key: tls/edge.key }"
    ),
    ProblemCode(
        "R111",
        "a certificate has expired, or soon will",
        "The edge starts with it, for one that does not start serves nobody; but peers refuse it. Renew "
            + "the files, then `banyan reload`: no connection is dropped.",
        bad: "notAfter: yesterday",
        good: "notAfter: in 90 days"
    ),
    ProblemCode(
        "R110",
        "an endpoint's name does not resolve now",
        "The edge starts and asks again; until the name resolves, its endpoint answers 503. Often it is "
            + "misspelt.",
        bad: "endpoints: [\"virtual-car.internal:8080\"]",
        good: "endpoints: [\"virtual-care.internal:8080\"]"
    ),
    ProblemCode(
        "R095",
        "more names than one edge has room for",
        "The bounds are in Limits; numbers are never given twice in an edge's life.",
        bad: "2,000 migrations",
        good: "routes that share a stage flag are one migration"
    ),
]
