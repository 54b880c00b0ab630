// SPDX-License-Identifier: Apache-2.0
import Bytes

// Fields of one connection (RFC 9110 7.6.1): the parser marks them `isHopByHop`, the serialiser
// leaves them out. What happens to a field that a Connection option names:
//
// Host, Content-Length             the message is refused when it is a request: without them two
//                                  recipients see different messages. In a response: kept.
// any other name in `HeaderName`   kept, the option is ignored: these are for all recipients
// (Cookie, Authorization,          (7.6.1 forbids listing them), and an attacker who could have
// X-Tenant-Id, Forwarded, ...)     Banyan strip them would act as somebody else or past a rule.
// hop-by-hop names                 dropped anyway
// every other name                 dropped

/// Notes the options of one Connection field; a list is left to ``applyConnectionOptions``.
@inline(__always)
func noteConnection(_ value: ByteWindow, in facts: inout FieldFacts) {
    // Exact, since no control byte can stand in a value: nothing but a letter folds to a letter.
    let fold: UInt64 = 0x2020_2020_2020_2020
    if value.count == 10 && value.word(at: 0, count: 8) | fold == asciiWord("keep-ali")
        && value.word(at: 8, count: 2) | 0x2020 == asciiWord("ve")
    {
        facts.hasKeepAlive = true
    } else if value.count == 5 && value.word(at: 0, count: 5) | 0x20_2020_2020 == asciiWord("close")
    {
        facts.hasClose = true
    } else {
        facts.hasConnectionList = true
    }
}

/// Reads every Connection field as a list of tokens and marks the fields that they name.
///
/// An option is compared with every field, so their number is bounded:
/// `Limits.connectionOptionsMax`.
func applyConnectionOptions(
    _ head: ByteWindow,
    _ fields: inout FieldTable,
    kind: MessageKind,
    to facts: inout FieldFacts
) throws(WireError) {
    var options = 0
    for index in 0..<fields.count where fields[index].name == .connection {
        let slot = fields[index]
        let end = Int(slot.valueStart) &+ Int(slot.valueLength)
        var at = Int(slot.valueStart)
        while let element = try nextOption(head, at: &at, end: end) {
            let option = head.slice(Int(element.start), Int(element.length))
            if option.equalsIgnoringCase("close") {
                facts.hasClose = true
            } else if option.equalsIgnoringCase("keep-alive") {
                facts.hasKeepAlive = true
            } else {
                options &+= 1
                guard options <= Limits.connectionOptionsMax else { throw .badConnection }
                try mark(option, element, of: head, &fields, kind: kind)
            }
        }
    }
}

/// Marks the fields that one option names.
private func mark(
    _ option: ByteWindow,
    _ element: HeadRange,
    of head: ByteWindow,
    _ fields: inout FieldTable,
    kind: MessageKind
) throws(WireError) {
    let name = HeaderName.lookup(head, start: Int(element.start), length: option.count)
    if kind == .request && (name == .host || name == .contentLength) { throw .badConnection }
    guard name == .other else { return }
    for index in 0..<fields.count where fields[index].name == .other {
        let slot = fields[index]
        guard Int(slot.nameLength) == option.count else { continue }
        var at = 0
        while at < option.count
            && asciiLowercased(option[at]) == asciiLowercased(head[Int(slot.nameStart) &+ at])
        {
            at &+= 1
        }
        if at == option.count { fields[index].isHopByHop = true }
    }
}

/// The next token of the list in [`at`, `end`), `nil` at its end; empty elements are skipped
/// (RFC 9110 5.6.1.2).
private func nextOption(
    _ head: ByteWindow,
    at: inout Int,
    end: Int
) throws(WireError) -> HeadRange? {
    while at < end && (ASCII.isBlank(head[at]) || head[at] == ASCII.comma) { at &+= 1 }
    guard at < end else { return nil }
    let start = at
    while at < end && isTokenByte(head[at]) { at &+= 1 }
    let length = at &- start
    while at < end && ASCII.isBlank(head[at]) { at &+= 1 }
    guard length > 0 && (at == end || head[at] == ASCII.comma) else { throw .badConnection }
    return HeadRange(start, length)
}

/// Whether a comma-separated list has this element; parameters and malformed parts do not match.
func listContains(_ value: ByteWindow, _ literal: StaticString) -> Bool {
    var at = 0
    while at < value.count {
        while at < value.count && (ASCII.isBlank(value[at]) || value[at] == ASCII.comma) {
            at &+= 1
        }
        let start = at
        while at < value.count && value[at] != ASCII.comma { at &+= 1 }
        var end = at
        while end > start && ASCII.isBlank(value[end &- 1]) { end &-= 1 }
        if value.slice(start, end &- start).equalsIgnoringCase(literal) { return true }
    }
    return false
}
