// SPDX-License-Identifier: Apache-2.0

/// One line of the tour: what to type, and what must be seen.
struct TourLine: Sendable {
    /// What it shows, as a sentence.
    let title: String
    /// A line for a POSIX shell, in the repository's root, with `banyan` in PATH.
    let command: String
    /// Regular expressions that the output must match.
    let expects: [String]
    /// Exit code that it must have.
    let exit: Int32

    init(_ title: String, _ command: String, expects: [String], exit: Int32 = 0) {
        self.title = title
        self.command = command
        self.expects = expects
        self.exit = exit
    }
}

/// The tour: printed by `banyan sample tour`, executed by `banyan sample tour --run`, told in
/// README.md.
///
/// The addresses are those of the repository's `banyan.yaml`.
enum TourLines {
    /// Where the edge takes requests.
    static let edge = "127.0.0.1:8080"
    /// Where it answers `/livez`, `/readyz` and `/metrics`.
    static let observe = "127.0.0.1:9901"
    /// Where the sample services listen, in the order of ``SampleServiceSpec``.
    static let services = ["127.0.0.1:9101", "127.0.0.1:9102", "127.0.0.1:9103", "127.0.0.1:9104"]

    private static let sessions =
        "http://\(edge)/api/v1/digital-communication/virtual-sessions"

    private static func get(
        _ path: String,
        host: String = "acme",
        options: String = "-si"
    ) -> String {
        "curl \(options) -H 'Host: \(host).care.example' \(path)"
    }

    /// A moved cell and the flip's numbers.
    private static func flipped(_ from: String, _ to: String) -> [String] {
        [
            "^acme/virtual-care: \(from) -> \(to)",
            #"^generation [0-9]+, ([0-9]+)/\1 workers, [0-9.]+ ms"#,
        ]
    }

    private static let legacy = ["^HTTP/1.1 200", "^Sample-Origin: legacy"]
    private static let modern = ["^HTTP/1.1 200", "^Sample-Origin: modern"]

    /// All lines, in order; the last ones put everything back.
    static let all: [TourLine] = [
        TourLine(
            "acme's visits are answered by the legacy service: nobody has moved acme.",
            get("\(sessions)/vs-1001"),
            expects: legacy
        ),
        TourLine(
            "A flip to shadow copies acme's reads to modern, behind the client's back.",
            "banyan flip acme/virtual-care shadow --reason CHG-1180",
            expects: flipped("legacy", "shadow")
        ),
        TourLine(
            "A quarter of acme's users are answered by modern.",
            "banyan flip acme/virtual-care live=25% --reason CHG-1181",
            expects: flipped("shadow", "live=25%")
        ),
        TourLine(
            "The same users each time: two rounds of twelve users give two equal lines.",
            "for round in 1 2; do for user in 1 2 3 4 5 6 7 8 9 10 11 12; do "
                + get(
                    "\(sessions)/vs-1001",
                    options: "-s -o /dev/null -w '%header{sample-origin} ' -b care_user=$user"
                ) + "; done; echo; done",
            expects: ["^((?:legacy |modern )+)\n\\1$", "legacy", "modern"]
        ),
        TourLine(
            "One flip over a stage goes to everybody; modern answers alone.",
            "banyan flip acme/virtual-care modern --reason CHG-1182",
            expects: flipped("live=25%", "modern")
        ),
        TourLine(
            "The same tenant, the same URL, now from modern.",
            get("\(sessions)/vs-1001"),
            expects: modern
        ),
        TourLine(
            "The red button: no gate, no prompt.",
            "banyan rollback acme/virtual-care",
            expects: flipped("modern", "legacy") + ["writes left behind on modern: 0"]
        ),
        TourLine(
            "Legacy answers again.",
            get("\(sessions)/vs-1001"),
            expects: legacy
        ),
        TourLine(
            "In the morning: back to where it stood.",
            "banyan flip --resume acme/virtual-care --reason 'fixed in 1.4.1'",
            expects: flipped("legacy", "modern")
        ),
        TourLine(
            "At the end clients are sent to the new URL.",
            "banyan flip acme/virtual-care redirect --reason CHG-1190 --confirm=virtual-care",
            expects: flipped("modern", "redirect")
        ),
        TourLine(
            "curl follows: 307 by banyan, 200 by modern.",
            get("\(sessions)/vs-1001", options: "-siL"),
            expects: [
                "^HTTP/1.1 307", "(?i)^location: .*/api/v1/virtual-care/sessions/vs-1001",
            ] + modern
        ),
        TourLine(
            "A tenant without the module is refused where modern would answer.",
            get(
                "http://\(edge)/api/v1/patient-portal/accounts/pa-1001",
                host: "meadow-start"
            ),
            expects: ["^HTTP/1.1 403", "MODULE_NOT_LICENSED"]
        ),
        TourLine(
            "The last stage.",
            "banyan flip acme/virtual-care gone --reason CHG-1199 --confirm=virtual-care",
            expects: flipped("redirect", "gone")
        ),
        TourLine(
            "410 from now on.",
            get("\(sessions)/vs-1001"),
            expects: ["^HTTP/1.1 410"]
        ),
        TourLine(
            "Even this can be taken back.",
            "banyan rollback acme/virtual-care",
            expects: flipped("gone", "legacy")
        ),
        TourLine(
            "Who did what, in a chain that nobody can alter unseen.",
            "banyan audit verify",
            expects: ["^ok: [0-9]+ entries"]
        ),
    ]
}
