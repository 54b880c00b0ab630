// SPDX-License-Identifier: Apache-2.0
import CLinux
import Foundation

/// `make bench`: the proxies beside each other, workload by workload, in turn within each round.
struct Comparison {
    let programs: [any SubjectProgram]
    let workloads: [Workload]
    let settings: BenchSettings
    let folder: URL
    let jsonPath: String?

    /// One proxy's figures on one workload.
    struct Row: Codable {
        var proxy: String
        var workload: String
        var rounds: [Measurement] = []
        var systemCalls: [String: Double] = [:]
        var instructions: Double?
    }

    func run() throws {
        // The load has a core of its own; every proxy gets the other one.
        _ = banyan_pin_to_core(1)
        var load = try LoadGenerator.open()
        var rows: [Row] = []
        for workload in self.workloads {
            rows += try self.run(workload, &load)
        }
        try self.report(rows)
    }

    private func run(_ workload: Workload, _ load: inout LoadGenerator) throws -> [Row] {
        say("== \(workload.rawValue)")
        load.load(workload.requests)
        var subjects: [Subject] = []
        defer { for subject in subjects { subject.stop() } }
        var rows: [Row] = []
        for program in self.programs where program.can(workload) {
            let place = try self.place(program, workload, load)
            let subject = try Subject(
                program,
                workload,
                place,
                wrapper: ["taskset", "-c", "0"]
            )
            subjects.append(subject)
            rows.append(Row(proxy: program.name, workload: workload.rawValue))
        }
        // A shadowed exchange against the same edge without copies.
        if workload == .shadow, let own = self.programs.first(where: { $0.name == "banyan" }) {
            let place = try self.place(own, .plain, load)
            subjects.append(try Subject(own, .plain, place, wrapper: ["taskset", "-c", "0"]))
            rows.append(Row(proxy: "banyan, plain", workload: workload.rawValue))
        }
        // Comparing against the same copies without it.
        if workload == .compared,
            var own = self.programs.first(where: { $0.name == "banyan" }) as? BanyanProgram
        {
            own.compares = false
            let place = try self.place(own, workload, load)
            subjects.append(try Subject(own, workload, place, wrapper: ["taskset", "-c", "0"]))
            rows.append(Row(proxy: "banyan, shadow", workload: workload.rawValue))
        }
        var settings = self.settings
        if workload == .compared { settings.clients = 1 }
        for round in 1...self.settings.rounds {
            for index in subjects.indices {
                let measured = try Passes.measure(subjects[index], &load, settings)
                rows[index].rounds.append(measured)
                say("  round \(round)  \(Report.line(rows[index].proxy, measured))")
            }
        }
        for index in subjects.indices {
            rows[index].systemCalls = try Passes.systemCalls(
                subjects[index],
                &load,
                self.settings
            )
            if workload == .compared, let share = subjects[index].observedShare {
                say(
                    "  \(rows[index].proxy): \(Report.number(share * 100, 2)) % of the copies compared"
                )
            }
            subjects[index].stop()
            if workload == .compared { continue }
            let place = try self.place(subjects[index].program, workload, load)
            if rows[index].proxy.contains(",") { continue }
            rows[index].instructions = try Passes.instructions(
                subjects[index].program,
                workload,
                place,
                &load
            )
        }
        return rows
    }

    private func place(
        _ program: any SubjectProgram,
        _ workload: Workload,
        _ load: borrowing LoadGenerator
    ) throws -> SubjectPlace {
        let name = "\(workload.rawValue)-\(program.name)-\(UUID().uuidString.prefix(8))"
        return SubjectPlace(
            folder: self.folder.appending(path: name),
            port: try Subject.freePort(),
            legacyPort: load.legacyPort,
            modernPort: load.modernPort
        )
    }

    private func report(_ rows: [Row]) throws {
        say(Report.text(rows))
        if let path = self.jsonPath {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            try encoder.encode(rows).write(to: URL(filePath: path))
            say("written: \(path)")
        }
    }
}
