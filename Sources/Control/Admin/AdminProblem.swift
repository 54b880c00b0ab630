// SPDX-License-Identifier: Apache-2.0

public import Documents

/// Why the admin API refuses; the word never changes meaning, and decides status and exit code.
public enum AdminErrorCode: String, Sendable, CaseIterable {
    /// The request is malformed: an unknown stage, no cell, a body that is no JSON.
    case invalid
    /// A forward flip needs a reason.
    case reasonRequired = "reason_required"
    /// Redirect and gone need the migration's name as confirmation.
    case confirmationRequired = "confirmation_required"
    /// The caller's user may not do this.
    case notPermitted = "not_permitted"
    /// No such path on this API.
    case notFound = "not_found"
    /// The path takes other methods.
    case methodNotAllowed = "method_not_allowed"
    /// No tenant, migration or cell of that name.
    case nothingMatched = "nothing_matched"
    /// The rules for moving refuse it: a skipped stage, an unused one, a share where none is.
    case refused
    /// The gate refuses it.
    case gateRefused = "gate_refused"
    /// Somebody moved a cell meanwhile.
    case conflict
    /// The files of a reload are invalid; nothing was applied.
    case filesInvalid = "files_invalid"
    /// The store cannot be reached or written.
    case storeUnavailable = "store_unavailable"
    /// The edge is starting or stopping.
    case unavailable
    /// The audit chain does not verify.
    case chainBroken = "chain_broken"
    /// Anything else that went wrong.
    case failed

    /// The HTTP status that carries it.
    public var status: Int {
        switch self {
        case .invalid: 400
        case .reasonRequired, .confirmationRequired: 428
        case .notPermitted: 403
        case .notFound, .nothingMatched: 404
        case .methodNotAllowed: 405
        case .refused, .filesInvalid: 422
        case .gateRefused: 412
        case .conflict: 409
        case .storeUnavailable, .unavailable: 503
        case .chainBroken, .failed: 500
        }
    }
}

/// A refusal of the admin API: `application/problem+json` (RFC 9457) with a code and a hint.
public struct AdminProblem: Error, Sendable, Equatable {
    /// The word that programs go by.
    public var code: AdminErrorCode
    /// What is wrong, for people.
    public var detail: String
    /// How to go on.
    public var hint: String?
    /// Findings about files, one line each.
    public var findings: [String]

    /// A refusal from its parts.
    public init(
        _ code: AdminErrorCode,
        _ detail: String,
        hint: String? = nil,
        findings: [String] = []
    ) {
        self.code = code
        self.detail = detail
        self.hint = hint
        self.findings = findings
    }

    /// The refusal as it is sent.
    public var document: DocumentValue {
        var value: DocumentValue = [
            "title": .string(self.code.rawValue.replacing("_", with: " ")),
            "status": .integer(self.code.status),
            "code": .string(self.code.rawValue),
            "detail": .string(self.detail),
        ]
        if let hint = self.hint { value.set("hint", .string(hint)) }
        if !self.findings.isEmpty { value.set("findings", .list(self.findings)) }
        return value
    }

    /// A refusal as it was received; `nil` when it is none.
    public init?(document: DocumentNode) {
        guard let word = document["code"]?.text, let code = AdminErrorCode(rawValue: word) else {
            return nil
        }
        self.init(
            code,
            document["detail"]?.text ?? "",
            hint: document["hint"]?.text,
            findings: document["findings"]?.items?.compactMap(\.text) ?? []
        )
    }

    /// The answer that carries it.
    var response: ControlResponse {
        ControlResponse(
            status: self.code.status,
            contentType: "application/problem+json",
            body: self.document.jsonBytes
        )
    }
}
