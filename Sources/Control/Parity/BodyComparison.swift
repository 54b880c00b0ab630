// SPDX-License-Identifier: Apache-2.0

import Bytes
import Decode
import Parity

/// A body with what says how to read it.
struct Content {
    var bytes: [UInt8]
    var coding: String
    /// The media type as it was sent: most bodies are equal, so it is read when it is needed.
    private let typeField: String?

    init(_ answer: CapturedAnswer) {
        self.bytes = answer.body
        self.coding = ""
        for field in answer.fields where field.name == "content-encoding" {
            self.coding += self.coding.isEmpty ? field.value : "," + field.value
        }
        self.typeField = answer.field("content-type")
    }

    init(_ part: MultipartPart) {
        self.bytes = part.body
        self.coding = ""
        // RFC 2046 5.1: a part without a type is text.
        self.typeField = part.field("content-type") ?? "text/plain"
    }

    var type: MediaType { MediaType(self.typeField) }

    /// Whether both have the same media type, to the letter.
    func namesType(of other: Content) -> Bool { self.typeField == other.typeField }

    /// How it is read, if its type says so; a body whose type does not say is bytes.
    var format: BodyFormat? {
        let type = self.type
        return type.essence.isEmpty ? nil : type.format
    }
}

/// Bodies held against each other by their media types.
struct BodyComparison {
    let plan: ComparisonPlan
    let options: DifferOptions
    private(set) var found = DifferenceList()
    /// Multipart bodies around this one.
    private var depth = 0

    init(plan: ComparisonPlan, options: DifferOptions) {
        self.plan = plan
        self.options = options
    }

    /// Compares two bodies; `false`: one is beyond what may be decoded.
    mutating func compare(
        _ legacy: Content,
        _ modern: Content,
        _ identities: inout IdentityTable
    ) -> Bool {
        var legacy = legacy
        var modern = modern
        if legacy.bytes == modern.bytes, legacy.coding == modern.coding,
            !self.plan.learnsIdentities
        {
            return true
        }
        let left = self.decoded(&legacy)
        let right = self.decoded(&modern)
        switch (left, right) {
        case (.beyond, _), (_, .beyond), (.spoilt, .spoilt): return false
        case (.spoilt, .read), (.read, .spoilt):
            self.note(.malformed, .missing, legacy, modern)
            return true
        case (.read, .read): return self.compareDecoded(legacy, modern, &identities)
        }
    }

    // MARK: Content coding

    private enum Decoding {
        case read
        /// Corrupt or cut short: whoever sent it spoilt it.
        case spoilt
        /// Over a bound, or of a coding that is not known here.
        case beyond
    }

    private func decoded(_ content: inout Content) -> Decoding {
        do throws(DecodeError) {
            content.bytes = try decodedContent(content.bytes, contentEncoding: content.coding)
            return .read
        } catch {
            switch error {
            case .truncated, .corrupt, .trailingBytes: return .spoilt
            default: return .beyond
            }
        }
    }

    // MARK: By format

    private mutating func compareDecoded(
        _ legacy: Content,
        _ modern: Content,
        _ identities: inout IdentityTable
    ) -> Bool {
        if legacy.bytes.isEmpty || modern.bytes.isEmpty {
            if legacy.bytes.isEmpty != modern.bytes.isEmpty {
                let isMissing = modern.bytes.isEmpty
                self.note(isMissing ? .missing : .added, .missing, legacy, modern)
            }
            return true
        }
        let left = legacy.format
        // Most of the time both name the same type.
        let right = legacy.namesType(of: modern) ? left : modern.format
        if let left, let right, left != right {
            // One and the same bytes under two names: the field says it already.
            if legacy.bytes != modern.bytes { self.note(.mediaType, .missing, legacy, modern) }
            return true
        }
        // What one side does not name is read as the other side names it; else as it looks.
        let format = left ?? right ?? BodyFormat.sniffed(legacy.bytes)
        switch format {
        case .json: return self.compareJSON(legacy, modern, &identities)
        case .xml: return self.compareXML(legacy, modern, &identities)
        case .form: return self.compareForms(legacy, modern, &identities)
        case .multipart: return self.compareMultiparts(legacy, modern, &identities)
        case .text: return self.compareTexts(legacy, modern, &identities)
        case .bytes:
            if legacy.bytes != modern.bytes { self.note(.opaque, .value, legacy, modern) }
            return true
        }
    }

    private mutating func compareJSON(
        _ legacy: Content,
        _ modern: Content,
        _ identities: inout IdentityTable
    ) -> Bool {
        switch (readJSON(legacy), readJSON(modern)) {
        case (.beyond, _), (_, .beyond): return false
        case (.spoilt, .spoilt):
            // Neither is JSON: as texts they may still be the same.
            return self.compareTexts(legacy, modern, &identities)
        case (.spoilt, .tree), (.tree, .spoilt):
            self.note(.malformed, .missing, legacy, modern)
        case (.tree(let left), .tree(let right)):
            let type = left.member(0, "resourceType").flatMap(left.text)
                .map { String(decoding: $0, as: UTF8.self) }
            let rules = self.plan.rules(resourceType: type ?? "")
            self.compareTrees(left, right, rules: rules, &identities)
        }
        return true
    }

    private mutating func compareXML(
        _ legacy: Content,
        _ modern: Content,
        _ identities: inout IdentityTable
    ) -> Bool {
        switch (readXML(legacy), readXML(modern)) {
        case (.beyond, _), (_, .beyond): return false
        case (.spoilt, .spoilt): return self.compareTexts(legacy, modern, &identities)
        case (.spoilt, .document), (.document, .spoilt):
            self.note(.malformed, .missing, legacy, modern)
        case (.document(let left), .document(let right)):
            guard left.canonical != right.canonical || self.plan.learnsIdentities else {
                break
            }
            let trees: (legacy: JSONTree, modern: JSONTree)
            do throws(DecodeError) {
                trees = try xmlTrees(left, right)
            } catch {
                return false
            }
            let isNew = self.compareTrees(
                trees.legacy,
                trees.modern,
                rules: self.plan.ruleSet,
                &identities
            )
            // Prefixes, white space, instructions: the canonical form sees them, no rule does.
            if !isNew, left.canonical != right.canonical {
                self.note(.lexeme, .formatting, legacy, modern)
            }
        }
        return true
    }

    private mutating func compareTexts(
        _ legacy: Content,
        _ modern: Content,
        _ identities: inout IdentityTable
    ) -> Bool {
        let left = utf8Text(legacy.bytes, charset: legacy.type["charset"])
        let right = utf8Text(modern.bytes, charset: modern.type["charset"])
        guard let left, let right else {
            if legacy.bytes != modern.bytes { self.note(.opaque, .value, legacy, modern) }
            return true
        }
        guard let from = try? textTree(left), let to = try? textTree(right) else { return false }
        let isNew = self.compareTrees(from, to, rules: self.plan.ruleSet, &identities)
        if !isNew, left != right { self.note(.lexeme, .formatting, legacy, modern) }
        return true
    }

    private mutating func compareForms(
        _ legacy: Content,
        _ modern: Content,
        _ identities: inout IdentityTable
    ) -> Bool {
        do throws(JSONTextError) {
            guard let left = try formTree(legacy.bytes), let right = try formTree(modern.bytes)
            else {
                if legacy.bytes != modern.bytes { self.note(.opaque, .value, legacy, modern) }
                return true
            }
            self.compareTrees(left, right, rules: self.plan.ruleSet, &identities)
            return true
        } catch {
            return false
        }
    }

    /// Part by part: those of one name in their order, each by its own type.
    private mutating func compareMultiparts(
        _ legacy: Content,
        _ modern: Content,
        _ identities: inout IdentityTable
    ) -> Bool {
        let left = readMultipart(legacy)
        let right = readMultipart(modern)
        guard self.depth < Limits.multipartDepthMax, left != nil || right != nil else {
            if legacy.bytes != modern.bytes { self.note(.opaque, .value, legacy, modern) }
            return true
        }
        guard let left, let right else {
            self.note(.malformed, .missing, legacy, modern)
            return true
        }
        let pairing = PartPairing(left, right)
        if pairing.hasMoved { self.note(.order, .order, legacy, modern) }
        for pair in pairing.pairs {
            var part = BodyComparison(plan: self.plan, options: self.options(at: pair.place))
            part.depth = self.depth + 1
            if !part.comparePart(pair, &identities) { return false }
            self.found.append(contentsOf: part.found)
        }
        return true
    }

    private func options(at place: String) -> DifferOptions {
        var options = self.options
        options.place = place
        return options
    }

    private mutating func comparePart(
        _ pair: PartPairing.Pair,
        _ identities: inout IdentityTable
    ) -> Bool {
        let fields = partDifferences(
            pair.legacy,
            pair.modern,
            place: self.options.place,
            rules: self.plan.ruleSet,
            options: self.options
        )
        self.found.append(contentsOf: fields)
        guard let left = pair.legacy, let right = pair.modern else { return true }
        return self.compare(Content(left), Content(right), &identities)
    }

    // MARK: Noting

    /// Compares two trees; whether they differ in anything.
    @discardableResult
    private mutating func compareTrees(
        _ legacy: JSONTree,
        _ modern: JSONTree,
        rules: RuleSet,
        _ identities: inout IdentityTable
    ) -> Bool {
        let list = differences(
            legacy,
            modern,
            rules: rules,
            options: self.options,
            identities: &identities
        )
        self.found.append(contentsOf: list)
        return !list.isEmpty
    }

    /// Notes a difference of the bodies as wholes.
    private mutating func note(
        _ difference: DifferenceClass,
        _ severity: DifferenceSeverity,
        _ legacy: Content,
        _ modern: Content
    ) {
        let list = bodyDifference(
            difference,
            severity,
            legacy: legacy.bytes,
            modern: modern.bytes,
            rules: self.plan.ruleSet,
            options: self.options
        )
        self.found.append(contentsOf: list)
    }
}

// MARK: Reading

private enum ReadJSON {
    case tree(JSONTree)
    case spoilt
    case beyond
}

private func readJSON(_ content: Content) -> ReadJSON {
    do throws(JSONTextError) {
        return .tree(try JSONTree(parsing: content.bytes))
    } catch {
        switch error.reason {
        case .tooDeep, .tooManyValues, .tooLong: return .beyond
        default: return .spoilt
        }
    }
}

private enum ReadXML {
    case document(XMLDocument)
    case spoilt
    case beyond
}

private func readXML(_ content: Content) -> ReadXML {
    do throws(DecodeError) {
        return .document(try XMLDocument(content.bytes, charset: content.type["charset"]))
    } catch {
        return error == .xmlMalformed ? .spoilt : .beyond
    }
}

private func readMultipart(_ content: Content) -> [MultipartPart]? {
    try? MultipartBody(content.bytes, mediaType: content.type).parts
}
