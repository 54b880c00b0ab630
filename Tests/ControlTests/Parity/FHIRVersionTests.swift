// SPDX-License-Identifier: Apache-2.0
import Foundation
import Parity
import Testing

@testable import Control

/// The HL7 examples in FHIR STU3 and R4, a real legacy and modern; they lie outside the repository.
enum FHIRExamples {
    static let root: URL? = {
        let package = URL(filePath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let shared =
            ProcessInfo.processInfo.environment["BANYAN_SHARED"].map { URL(filePath: $0) }
            ?? package.deletingLastPathComponent().appending(path: "shared")
        let folder = shared.appending(path: "data/fhir")
        return FileManager.default.fileExists(atPath: folder.path) ? folder : nil
    }()

    /// Bytes of each example of a type that both versions have, by its file's name.
    static func pairs(_ type: String) throws -> [(name: String, stu3: [UInt8], r4: [UInt8])] {
        guard let root else { return [] }
        let stu3 = root.appending(path: "stu3/\(type)")
        let r4 = root.appending(path: "r4/\(type)")
        return try FileManager.default.contentsOfDirectory(atPath: stu3.path).sorted().compactMap {
            name in
            let other = r4.appending(path: name)
            guard FileManager.default.fileExists(atPath: other.path) else { return nil }
            return (
                name, [UInt8](try Data(contentsOf: stu3.appending(path: name))),
                [UInt8](try Data(contentsOf: other))
            )
        }
    }

    static func answer(_ body: [UInt8]) -> CapturedAnswer {
        CapturedAnswer(
            end: .complete,
            status: 200,
            fields: [CapturedField("content-type", "application/fhir+json")],
            body: body
        )
    }

    /// `pointer class` of everything that counts as a mismatch, over all examples of a type.
    static func found(_ type: String, _ plan: ComparisonPlan) throws -> Set<String> {
        var found = Set<String>()
        for pair in try self.pairs(type) {
            let observation = compared(
                exchange(self.answer(pair.stu3), self.answer(pair.r4)),
                plan
            )
            #expect(observation.differencesLeftOut == 0)
            for item in observation.differences where item.severity.countsAsMismatch {
                found.insert("\(item.pointer) \(item.difference.word)")
            }
        }
        return found
    }
}

/// What changed between STU3 and R4 in each type, as far as its examples show it: read by hand from
/// the files and from HL7's R4 "Differences to STU3".
///
/// `+` is what R4 has anew, `-` what it has no more, `=` what has another value (or another URL,
/// `~`), `!` what has another type (mostly 0..1 that became 0..*), `#` another number of items.
/// Narrative apart: ``narrative``.
private let trueDifferences: [String: String] = [
    "Appointment": """
    !/serviceCategory =/appointmentType/coding/*/code =/appointmentType/coding/*/display
    =/appointmentType/coding/*/system =/specialty/*/coding/*/code
    =/specialty/*/coding/*/display =/specialty/*/coding/*/system
    =/participant/*/type/*/coding/*/system -/incomingReferral +/basedOn
    -/indication +/reasonReference -/reason +/reasonCode
    """,
    "AppointmentResponse": "=/participantType/*/coding/*/system",
    "CarePlan": """
    -/activity/*/detail/category +/activity/*/detail/kind -/activity/*/detail/prohibited
    +/activity/*/detail/doNotPerform !/activity/*/detail/statusReason
    =/activity/*/detail/description !/author -/context +/encounter +/created -/definition
    +/instantiatesUri !/contained/*/clinicalStatus !/contained/*/verificationStatus
    +/contained/*/achievementStatus +/contained/*/lifecycleStatus -/contained/*/status
    !/contained/*/participant/*/role
    """,
    "CareTeam": """
    =/category/*/coding/*/code =/category/*/coding/*/system +/category/*/coding/*/display
    -/context +/encounter !/participant/*/role
    """,
    "Communication": """
    -/context +/encounter -/definition +/instantiatesUri =/medium/*/coding/*/system
    -/topic +/about =/payload/*/contentAttachment/url
    """,
    "CommunicationRequest": """
    -/context +/encounter =/medium/*/coding/*/system -/requester/agent +/requester/reference
    """,
    "Encounter": """
    =/class/system =/classHistory/*/class/system
    =/hospitalization/admitSource/coding/*/system
    =/hospitalization/specialArrangement/*/coding/*/system
    =/hospitalization/specialCourtesy/*/coding/*/system -/reason +/reasonCode #/diagnosis
    -/diagnosis/*/role +/diagnosis/*/use =/diagnosis/*/rank !/appointment
    -/incomingReferral +/basedOn =/participant/*/type/*/coding/*/system
    """,
    "Goal": """
    =/category/*/coding/*/system -/status +/lifecycleStatus +/achievementStatus
    =/priority/coding/*/system !/target
    """,
    "Schedule": "!/serviceCategory",
    "Slot": "!/serviceCategory =/appointmentType/coding/*/system",
    "Task": """
    -/context +/encounter ~/focus/reference =/focus/display =/note/*/text
    =/performerType/*/coding/*/system -/reason +/reasonCode -/requester/agent
    -/requester/onBehalfOf +/requester/reference +/requester/display
    =/contained/*/agent/*/role/*/coding/*/system -/contained/*/agent/*/whoReference
    +/contained/*/agent/*/who -/contained/*/signature/*/blob +/contained/*/signature/*/data
    -/contained/*/signature/*/contentType +/contained/*/signature/*/sigFormat
    +/contained/*/signature/*/targetFormat -/contained/*/signature/*/whoReference
    +/contained/*/signature/*/who ~/contained/*/target/*/reference
    """,
]

/// Types whose generated narrative tells of the changes, too.
private let narrative: Set<String> = ["CarePlan", "Encounter", "Task"]

private func rows(_ text: String) -> Set<String> {
    let classes: [Character: String] = [
        "+": "added", "-": "missing", "=": "value", "~": "url", "!": "type", "#": "count",
    ]
    return Set(
        text.split { $0 == " " || $0 == "\n" }.map { word in
            "\(word.dropFirst()) \(classes[word.first ?? " "] ?? "?")"
        }
    )
}

private func listed(_ set: Set<String>) -> String { set.sorted().joined(separator: "\n") }

@Suite("FHIR STU3 against R4")
struct FHIRVersionTests {
    private let isHere: Bool = {
        if FHIRExamples.root == nil { print("skipped: the FHIR examples are not here") }
        return FHIRExamples.root != nil
    }()

    @Test func `the true differences of each type are found, and nothing else`() throws {
        guard self.isHere else { return }
        var model = ParityModel()
        model.presets = ["fhir"]
        let plan = try plan(model)
        for (type, text) in trueDifferences.sorted(by: { $0.key < $1.key }) {
            var expected = rows(text)
            if narrative.contains(type) { expected.insert("/text/div value") }
            let found = try FHIRExamples.found(type, plan)
            #expect(
                found == expected,
                """
                \(type)
                not found:
                \(listed(expected.subtracting(found)))
                not true:
                \(listed(found.subtracting(expected)))
                """
            )
        }
    }

    @Test func `with #data the narrative is accepted, and the data is what remains`() throws {
        guard self.isHere else { return }
        for preset in ["fhir#data", "fhir#static"] {
            var model = ParityModel()
            model.presets = [preset]
            let plan = try plan(model)
            for (type, text) in trueDifferences {
                #expect(try FHIRExamples.found(type, plan) == rows(text), "\(type) \(preset)")
            }
        }
    }

    @Test func `with the suggested rules, too, what a mapper has to map remains`() throws {
        guard self.isHere else { return }
        for (type, text) in trueDifferences.sorted(by: { $0.key < $1.key }) {
            var model = ParityModel()
            model.presets = ["fhir#data"]
            for suggestion in suggestedRules(try self.evidence(type, plan(model)), minimum: 1) {
                var rule = suggestion.rule
                if case .ignore = rule.kind {
                    // What a person adds who accepts it.
                    rule.kind = .ignore(owner: "o", reason: "R4 only", expiresUnixSeconds: 9_999)
                }
                model.rules.append(rule)
            }
            // A client of STU3 does not read what R4 added: what was taken away, retyped, moved to
            // another code system or renamed remains.
            let expected = rows(text).filter { !$0.hasSuffix(" added") }
            let found = try FHIRExamples.found(type, plan(model))
            #expect(found == expected, "\(type)")
        }
    }

    /// What a run over all examples of a type would have put into the store.
    private func evidence(_ type: String, _ plan: ComparisonPlan) throws -> [PointerEvidence] {
        var places: [String: PointerEvidence] = [:]
        let pairs = try FHIRExamples.pairs(type)
        var identities = IdentityTable()
        for pair in pairs {
            let observation = compareAnswers(
                exchange(FHIRExamples.answer(pair.stu3), FHIRExamples.answer(pair.r4)),
                plan: plan,
                identities: &identities,
                nowUnixSeconds: 0
            )
            for item in observation.differences {
                places[item.pointer, default: PointerEvidence(pointer: item.pointer)].add(item)
            }
        }
        return places.values.map { place in
            var place = place
            place.seen = UInt64(pairs.count)
            return place
        }
    }

    @Test func `identical files are a match of all, byte for byte and written anew`() throws {
        guard self.isHere else { return }
        for presets in [[], ["fhir"], ["fhir#data"], ["fhir#static"], ["fhir#document"]] {
            var model = ParityModel()
            model.presets = presets
            let plan = try plan(model)
            var count = 0
            for type in trueDifferences.keys.sorted() {
                for pair in try FHIRExamples.pairs(type) {
                    for bytes in [pair.stu3, pair.r4] {
                        let same = FHIRExamples.answer(bytes)
                        let read = try JSONSerialization.jsonObject(with: Data(bytes))
                        let written = try JSONSerialization.data(
                            withJSONObject: read,
                            options: [.prettyPrinted]
                        )
                        for other in [same, FHIRExamples.answer([UInt8](written))] {
                            let observation = compared(exchange(same, other), plan)
                            #expect(observation.outcome == .match, "\(type)/\(pair.name)")
                            count += 1
                        }
                    }
                }
            }
            #expect(count == 47 * 4)
        }
    }
}
