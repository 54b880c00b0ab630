// SPDX-License-Identifier: Apache-2.0

/// The rules of a named preset, or `nil` when there is none of that name.
///
/// `fhir` is for FHIR in JSON; `fhir#data`, `fhir#static` and `fhir#document` add what the
/// canonical forms of that name leave out (FHIR json.html#canonical); `fhir#renumbered` is for a
/// modern that gives resources ids of its own: they, and references to them, stay one-to-one.
/// `cda` is for CDA in XML. Some rules hold for answers of one resource type only: they are given
/// when `resourceType` names it.
///
/// What a preset ignores is still found and shown as accepted; its owner is the standard.
public func parityPreset(_ name: String, resourceType: String = "") -> [ParityRule]? {
    name == "cda" ? cdaPreset() : fhirPreset(name, resourceType: resourceType)
}

/// The rules of a FHIR preset; see ``parityPreset(_:resourceType:)``.
public func fhirPreset(_ name: String, resourceType: String = "") -> [ParityRule]? {
    var preset = PresetWriter(origin: name)
    guard name == "fhir" || name.hasPrefix("fhir#") else { return nil }
    preset.addElements()
    preset.addType(resourceType)
    switch name {
    case "fhir": break
    case "fhir#data": preset.dropNarrative()
    case "fhir#static":
        preset.dropNarrative()
        preset.dropMeta()
    case "fhir#document": preset.dropDocumentHead()
    case "fhir#renumbered": preset.renumber(resourceType)
    default: return nil
    }
    return preset.rules
}

/// Resource types that have rules of their own: answers of them are compared by their own set.
public let presetResourceTypes = ["Bundle", "OperationOutcome"]

/// Collects the rules of one preset.
struct PresetWriter {
    private(set) var rules: [ParityRule] = []
    private let origin: String

    init(origin: String) { self.origin = origin }

    mutating func add(_ kind: ParityRuleKind, _ paths: String...) {
        for path in paths {
            self.rules.append(ParityRule(path: path, kind: kind, origin: self.origin))
        }
    }

    mutating func ignore(_ reason: String, _ paths: [String]) {
        let owner = self.origin == "cda" ? "HL7 CDA" : "HL7 FHIR"
        for path in paths {
            self.add(.ignore(owner: owner, reason: reason, expiresUnixSeconds: nil), path)
        }
    }
}

/// Where a resource may stand: alone, contained, in a Bundle, contained in one of those.
private let resourcePlaces = [
    "", "/contained/*", "/entry/*/resource", "/entry/*/resource/contained/*",
]

extension PresetWriter {
    /// What holds in every resource.
    fileprivate mutating func addElements() {
        self.add(.keyed(by: ["url"]), "/**/extension", "/**/modifierExtension")
        self.add(.keyed(by: ["system", "value"]), "/**/identifier")
        self.add(.keyed(by: ["system", "code"]), "/**/coding", "/**/meta/tag", "/**/meta/security")
        self.add(.set, "/**/meta/profile")
        self.add(.url, "/**/reference")
        self.ignore(
            "set by the server on each write",
            resourcePlaces.flatMap { ["\($0)/meta/lastUpdated", "\($0)/meta/versionId"] }
        )
    }

    /// What holds in one type of resource, as the answer itself or as an entry of a Bundle.
    fileprivate mutating func addType(_ type: String) {
        switch type {
        case "Bundle":
            self.add(.keyed(by: ["resource/resourceType", "resource/id"]), "/entry")
            self.add(.keyed(by: ["relation"]), "/link")
            self.add(.url, "/entry/*/fullUrl", "/entry/*/response/location", "/entry/*/request/url")
            self.ignore("made by the server for each answer", ["/id", "/timestamp", "/meta"])
            self.ignore("paging links are the server's own", ["/link/*/url"])
            self.ignore("set by the server", ["/entry/*/response/etag"])
            self.ignore("set by the server", ["/entry/*/response/lastModified"])
            self.ignore("how well it fits is the server's own scale", ["/entry/*/search/score"])
            self.addOutcome(at: "/entry/*/resource")
            self.addOutcome(at: "/entry/*/response/outcome")
        case "OperationOutcome": self.addOutcome(at: "")
        default: break
        }
    }

    /// OperationOutcome: severity and code are for machines, the rest is for people.
    private mutating func addOutcome(at place: String) {
        self.add(.keyed(by: ["severity", "code"]), "\(place)/issue")
        let words = ["diagnostics", "details", "location", "expression"]
        self.ignore(
            "words for people; severity and code are compared",
            words.map { "\(place)/issue/*/\($0)" }
        )
        self.add(.keyed(by: ["system", "code"]), "\(place)/issue/*/details/coding")
    }

    /// `#data`: the narrative is omitted.
    fileprivate mutating func dropNarrative() {
        self.ignore(
            "narrative, left out of the canonical form",
            resourcePlaces.map { $0 + "/text" }
        )
    }

    /// `#static`: metadata is omitted, too.
    fileprivate mutating func dropMeta() {
        self.ignore("metadata, left out of the canonical form", resourcePlaces.map { $0 + "/meta" })
    }

    /// `#renumbered`: ids of resources, and what refers to them, of two numberings.
    ///
    /// Ids of contained resources are local to their resource: they stay exact.
    fileprivate mutating func renumber(_ type: String) {
        self.add(.identifier, "/**/reference", "/entry/*/resource/id", "/entry/*/fullUrl")
        // A Bundle's own id is made for each answer: there is nothing to number.
        if type != "Bundle" { self.add(.identifier, "/id") }
    }

    /// `#document`: everything in a Bundle but its own id and metadata.
    fileprivate mutating func dropDocumentHead() {
        self.ignore("the Bundle's own, left out of the canonical form", ["/id", "/meta"])
    }
}
