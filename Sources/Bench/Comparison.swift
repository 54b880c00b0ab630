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

    /// The row of an open loop that has no proxy.
    static let direct = "direct"

    func run() throws {
        raiseDescriptorLimit()
        let identity = try BenchIdentity.make(in: self.folder)
        // The load has a core of its own; every proxy gets the other one.
        _ = banyan_pin_to_core(1)
        var load = try LoadGenerator.open()
        var rows: [Row] = []
        var leftOut: [String] = []
        for workload in self.workloads {
            say("== \(workload.rawValue)")
            load.load(workload)
            var entries: [Entry] = []
            for entry in workload.pass == .harm ? [] : self.entries(workload) {
                // A proxy that refuses its files is named; the others are measured.
                do {
                    try entry.start(self.place(entry, workload, load, identity), workload)
                    entries.append(entry)
                } catch {
                    leftOut.append("\(workload.rawValue), \(entry.name): left out. \(error)")
                    say("  " + (leftOut.last ?? ""))
                }
            }
            defer { for entry in entries { entry.subject?.stop() } }
            // One workload that cannot be measured does not cost the others.
            do {
                let measured =
                    switch workload.pass {
                    case .closed: try self.closed(workload, entries, &load, identity)
                    case .open: try self.open(workload, entries, &load)
                    case .idle: try self.idle(workload, entries, &load, identity)
                    case .h2load: try self.h2load(workload, entries, &load)
                    case .harm: try self.harm(&load, identity)
                    }
                rows += measured
            } catch {
                load.stop()
                leftOut.append("\(workload.rawValue): broken off. \(error)")
                say("  " + (leftOut.last ?? ""))
            }
        }
        try self.report(rows, leftOut)
    }

    /// A proxy of a workload, and what its row is called.
    private final class Entry {
        let name: String
        let program: any SubjectProgram
        /// Whose files it gets, when not the workload's own.
        let files: Workload?
        var subject: Subject?

        init(_ name: String, _ program: any SubjectProgram, files: Workload? = nil) {
            self.name = name
            self.program = program
            self.files = files
        }

        func start(_ place: SubjectPlace, _ workload: Workload) throws {
            self.subject = try Subject(
                self.program,
                self.files ?? workload,
                place,
                wrapper: ["taskset", "-c", "0"]
            )
        }
    }

    private func entries(_ workload: Workload) -> [Entry] {
        var entries = self.programs.filter { $0.can(workload) }.map { Entry($0.name, $0) }
        let own = self.programs.first { $0.name == "banyan" }
        // A shadowed exchange against the same edge without copies.
        if workload == .shadow, let own {
            entries.append(Entry("banyan, plain", own, files: .plain))
        }
        // Comparing against the same copies without it.
        if workload == .compared, var own = own as? BanyanProgram {
            own.compares = false
            entries.append(Entry("banyan, shadow", own))
        }
        return entries
    }

    private func closed(
        _ workload: Workload,
        _ entries: [Entry],
        _ load: inout LoadGenerator,
        _ identity: BenchIdentity
    ) throws -> [Row] {
        var rows = entries.map { Row(proxy: $0.name, workload: workload.rawValue) }
        try self.rounds(&rows) { index in
            guard let subject = entries[index].subject else { return Measurement() }
            return try Passes.measure(subject, &load, self.settings)
        }
        for (index, entry) in entries.enumerated() {
            guard let subject = entry.subject else { continue }
            rows[index].systemCalls = try Passes.systemCalls(subject, &load)
            if workload == .compared, let share = subject.observedShare {
                let percent = Report.number(share * 100, 2)
                say("  \(entry.name): \(percent) % of the copies compared")
            }
            subject.stop()
            guard workload.countsInstructions, !entry.name.contains(",") else { continue }
            // Under callgrind a start takes long; on a busy machine, too long.
            do {
                rows[index].instructions = try Passes.instructions(
                    subject.program,
                    workload,
                    self.place(entry, workload, load, identity),
                    &load
                )
            } catch { say("  \(entry.name): instructions not counted. \(error)") }
        }
        return rows
    }

    /// The first row asks the origin itself.
    private func open(
        _ workload: Workload,
        _ entries: [Entry],
        _ load: inout LoadGenerator
    ) throws
        -> [Row]
    {
        let names = [Comparison.direct] + entries.map(\.name)
        var rows = names.map { Row(proxy: $0, workload: workload.rawValue) }
        try self.rounds(&rows) { index in
            let subject = index == 0 ? nil : entries[index - 1].subject
            let port = subject?.place.port ?? load.legacyPort
            return try Passes.open(port, subject, &load, self.settings)
        }
        return rows
    }

    /// Each round has fresh processes; two are enough, since memory does not depend on the hour.
    private func idle(
        _ workload: Workload,
        _ entries: [Entry],
        _ load: inout LoadGenerator,
        _ identity: BenchIdentity
    ) throws -> [Row] {
        var rows = entries.map { Row(proxy: $0.name, workload: workload.rawValue) }
        for round in 1...min(2, self.settings.rounds) {
            for (index, entry) in entries.enumerated() {
                entry.subject?.stop()
                try entry.start(self.place(entry, workload, load, identity), workload)
                guard let subject = entry.subject else { continue }
                let measured = try Passes.idle(subject, &load)
                rows[index].rounds.append(measured)
                say("  round \(round)  \(Report.idleLine(entry.name, measured))")
                subject.stop()
            }
        }
        return rows
    }

    private func h2load(
        _ workload: Workload,
        _ entries: [Entry],
        _ load: inout LoadGenerator
    ) throws -> [Row] {
        var rows = entries.map { Row(proxy: $0.name, workload: workload.rawValue) }
        for entry in entries {
            guard let subject = entry.subject else { continue }
            let first = try Passes.h2load(subject.place.port, requests: 1_000, &load)
            say("  \(entry.name): \(first.negotiated)")
        }
        try self.rounds(&rows) { index in
            guard let subject = entries[index].subject else { return Measurement() }
            return try Passes.h2load(subject, &load, self.settings)
        }
        for (index, entry) in entries.enumerated() {
            guard let subject = entry.subject else { continue }
            // A tracer that takes too long on a busy machine does not cost the rounds.
            do {
                rows[index].systemCalls = try Passes.h2loadSystemCalls(subject, &load)
            } catch {
                say("  \(entry.name): system calls not counted. \(error)")
            }
        }
        return rows
    }

    /// Only our own: the others' copies are not asked about here.
    private func harm(
        _ load: inout LoadGenerator,
        _ identity: BenchIdentity
    ) throws -> [Row] {
        guard let own = self.programs.first(where: { $0.name == "banyan" }) else { return [] }
        let legacyPort = load.legacyPort
        let folder = self.folder
        try Passes.harm(
            own,
            { name, port in
                SubjectPlace(
                    folder: folder.appending(path: "harm-\(name)"),
                    port: try Subject.freePort(),
                    legacyPort: legacyPort,
                    modernPort: port,
                    identity: identity
                )
            },
            &load,
            self.settings
        )
        return []
    }

    private func rounds(_ rows: inout [Row], _ measure: (Int) throws -> Measurement) rethrows {
        for round in 1...self.settings.rounds {
            for index in rows.indices {
                let measured = try measure(index)
                rows[index].rounds.append(measured)
                say("  round \(round)  \(Report.line(rows[index].proxy, measured))")
            }
        }
    }

    private func place(
        _ entry: Entry,
        _ workload: Workload,
        _ load: borrowing LoadGenerator,
        _ identity: BenchIdentity
    ) throws -> SubjectPlace {
        let name = "\(workload.rawValue)-\(entry.program.name)-\(UUID().uuidString.prefix(8))"
        return SubjectPlace(
            folder: self.folder.appending(path: name),
            port: try Subject.freePort(),
            legacyPort: load.legacyPort,
            modernPort: load.modernPort,
            identity: identity
        )
    }

    private func report(_ rows: [Row], _ leftOut: [String]) throws {
        say(Report.text(rows))
        if !leftOut.isEmpty { say((["", "not measured"] + leftOut).joined(separator: "\n")) }
        if let path = self.jsonPath {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            try encoder.encode(rows).write(to: URL(filePath: path))
            say("written: \(path)")
        }
    }
}
