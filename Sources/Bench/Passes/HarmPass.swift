// SPDX-License-Identifier: Apache-2.0
import Foundation

extension Passes {
    /// Clients' latency while a shadow misbehaves, and while the same peer does so to somebody
    /// else, in turn; one line for each way to misbehave.
    static func harm(
        _ program: any SubjectProgram,
        _ place: (String, Int) throws -> SubjectPlace,
        _ load: inout LoadGenerator,
        _ settings: BenchSettings
    ) throws {
        say("  mode      p99 us as the shadow, beside   ratio (range)   copies/s   failed")
        for mode in HarmfulPeer.Mode.allCases {
            let peer = try HarmfulPeer(mode)
            defer { peer.stop() }
            let wrapper = ["taskset", "-c", "0"]
            let shadowed = try Subject(
                program,
                .harm,
                try place("\(mode)-shadow", peer.port),
                wrapper: wrapper
            )
            defer { shadowed.stop() }
            let plain = try Subject(
                program,
                .open,
                try place("\(mode)-plain", peer.port),
                wrapper: wrapper
            )
            defer { plain.stop() }
            var asShadow: [Double] = []
            var beside: [Double] = []
            var rates: [Double] = []
            var (failures, others) = (0, 0)
            for _ in 0..<settings.rounds {
                _ = try peer.count()
                let first = try self.harmed(shadowed, &load, settings)
                let seconds = settings.seconds + settings.warmSeconds
                let rate = Double(try peer.count()) / seconds
                try peer.ask(perSecond: Int(rate.rounded()))
                let second = try self.harmed(plain, &load, settings)
                try peer.ask(perSecond: 0)
                failures += first.failures
                others += second.failures
                asShadow.append(first.p99Microseconds)
                beside.append(second.p99Microseconds)
                rates.append(rate)
            }
            let ratios = zip(asShadow, beside).map { $0 / $1 }.sorted()
            let columns = [
                Report.number(asShadow.sorted()[asShadow.count / 2], 0),
                Report.number(beside.sorted()[beside.count / 2], 0),
                Report.number(ratios[ratios.count / 2], 2),
                "(\(Report.number(ratios[0], 2)) to \(Report.number(ratios[ratios.count - 1], 2)))",
                Report.number(rates.sorted()[rates.count / 2], 0),
                "\(failures) and \(others)",
            ]
            say(
                "  " + mode.rawValue.padding(toLength: 10, withPad: " ", startingAt: 0)
                    + columns.joined(separator: "   ")
            )
        }
    }

    /// Far below what an edge can do: what is asked about is waiting, not work.
    private static func harmed(
        _ subject: Subject,
        _ load: inout LoadGenerator,
        _ settings: BenchSettings
    ) throws -> Measurement {
        try self.open(
            subject.place.port,
            subject,
            &load,
            settings,
            requestsPerSecond: Workload.harmRequestsPerSecond
        )
    }
}
