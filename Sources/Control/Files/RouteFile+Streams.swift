// SPDX-License-Identifier: Apache-2.0

import Bytes
import Documents
import Migration

/// `streams`: `pin`, `close`, or `{ drain: 30s }`.
func streamModel(_ spec: inout FieldReader) -> StreamModel? {
    guard let node = spec.node("streams") else { return nil }
    var model = StreamModel()
    if let word = node.text {
        let chosen = spec.chosen(word, "streams", node, among: ["pin", "close", "{ drain: 30s }"])
        switch chosen {
        case "pin": model.rule = .pin
        case "close": model.rule = .close
        default: return nil
        }
        return model
    }
    guard var drain = spec.object("streams") else { return nil }
    _ = drain.required("drain", "how long streams stay, like 30s")
    if let time = drain.milliseconds("drain", in: 100...86_400_000) {
        model.rule = .drain
        model.drainMilliseconds = time
    }
    drain.finish()
    return model.rule == .drain ? model : nil
}

/// `upgrades`: the protocols that a connection may change to (RFC 9110 7.8), in lower case.
func upgradeTokens(_ spec: inout FieldReader) -> [String]? {
    guard let texts = spec.texts("upgrades") else { return nil }
    var tokens: [String] = []
    for (text, node) in texts {
        guard tokens.count < Limits.upgradeTokensMax, text.utf8.count <= Limits.upgradeTokenBytesMax
        else {
            let caret = "\(Limits.upgradeTokensMax) of \(Limits.upgradeTokenBytesMax) bytes at most"
            spec.problem("R015", "too many protocols, or too long a name", node, caret)
            break
        }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count <= 2, parts.allSatisfy({ NameRules.isToken($0) }) else {
            spec.problem(
                "R047",
                "`\(printable(text))` is no protocol",
                node,
                "a name and maybe a version, like websocket or foo/2"
            )
            continue
        }
        // HTTP/2 in clear text is a listener's own business, TLS by Upgrade is nobody's.
        guard !["h2c", "tls", "http"].contains(parts[0].lowercased()) else {
            spec.problem("R047", "`\(printable(text))` cannot be tunnelled", node, "take it out")
            continue
        }
        // Its version is a field of the handshake, not of its name (RFC 6455 4.1).
        guard text.lowercased() == "websocket" || parts[0].lowercased() != "websocket" else {
            spec.problem("R047", "`\(printable(text))` is no protocol", node, "write websocket")
            continue
        }
        tokens.append(text.lowercased())
    }
    return tokens
}
