// SPDX-License-Identifier: Apache-2.0

import CFyaml
import Documents

/// One event of libfyaml, copied out of its memory.
struct YAMLEvent {
    enum Kind {
        case documentStart
        case scalar
        case sequenceStart
        case mappingStart
        case alias
        /// Ends of something, and the start of the stream.
        case end
    }

    var kind: Kind
    /// From 1.
    var position: SourcePosition
    /// Of a scalar, escapes resolved and lines folded.
    var text = ""
    /// Scalars on its line, quotes included.
    var length = 1
    /// A scalar without quotes.
    var isPlain = false
    var hasAnchor = false
    var hasTag = false
    /// A document that `%` lines stand before.
    var hasDirective = false
}

/// libfyaml's event parser over one piece of memory: owns the parser and its messages.
@safe final class YAMLEvents {
    /// Why the parser gave up.
    struct Failure {
        var text: String
        var position: SourcePosition
    }

    /// Why the parser gave up, when it did.
    private(set) var failure: Failure?
    private let parser: OpaquePointer?
    private let diagnostics: OpaquePointer?
    private let memory: UnsafeMutableRawBufferPointer
    private let firstLine: Int
    private var lastPosition: SourcePosition

    /// A parser of `bytes[offset...]`, which begins in line `line` of its file.
    init(_ bytes: [UInt8], from offset: Int, line: Int) {
        self.firstLine = line
        self.lastPosition = SourcePosition(line: line, column: 1)
        let tail = bytes[offset...]
        // SAFETY: the copy lives until deinit, longer than the parser that reads it. Zero bytes
        // follow it, because libfyaml 0.7 looks ahead by a few bytes at the end of its input.
        let memory = UnsafeMutableRawBufferPointer.allocate(
            byteCount: tail.count + 16,
            alignment: 8
        )
        _ = unsafe memory.initializeMemory(as: UInt8.self, repeating: 0)
        unsafe memory.copyBytes(from: tail)
        unsafe self.memory = memory
        var messages = unsafe fy_diag_cfg()
        unsafe fy_diag_cfg_default(&messages)
        unsafe messages.colorize = false
        let diagnostics = unsafe fy_diag_create(&messages)
        unsafe fy_diag_set_collect_errors(diagnostics, true)
        unsafe self.diagnostics = diagnostics
        // SAFETY: the configuration is copied by fy_parser_create; the diagnostic object is
        // counted.
        var configuration = unsafe fy_parse_cfg()
        unsafe configuration.flags = fy_parse_cfg_flags(
            FYPCF_QUIET.rawValue | FYPCF_COLLECT_DIAG.rawValue | FYPCF_DEFAULT_VERSION_1_2.rawValue
                | FYPCF_JSON_NONE.rawValue
        )
        unsafe configuration.diag = diagnostics
        let parser = unsafe fy_parser_create(&configuration)
        unsafe self.parser = parser
        let start = unsafe memory.baseAddress?.assumingMemoryBound(to: CChar.self)
        if unsafe parser == nil || fy_parser_set_string(parser, start, tail.count) != 0 {
            self.failure = Failure(text: "libfyaml could not start", position: self.lastPosition)
        }
    }

    deinit {
        // SAFETY: nothing of the parser is used after this; events were freed as they came.
        unsafe fy_parser_destroy(self.parser)
        unsafe fy_diag_destroy(self.diagnostics)
        unsafe self.memory.deallocate()
    }

    /// The next event; `nil` at the end and after a failure.
    func next() -> YAMLEvent? {
        guard self.failure == nil else { return nil }
        // SAFETY: an event's tokens live until fy_parser_event_free; all that is kept is copied.
        guard let event = unsafe fy_parser_parse(self.parser) else {
            self.failure = self.takeFailure()
            return nil
        }
        defer { unsafe fy_parser_event_free(self.parser, event) }
        let type = unsafe event.pointee.type
        guard type != FYET_STREAM_END else { return nil }
        var result = YAMLEvent(kind: .end, position: self.lastPosition)
        switch type {
        case FYET_MAPPING_START: result.kind = .mappingStart
        case FYET_SEQUENCE_START: result.kind = .sequenceStart
        case FYET_ALIAS: result.kind = .alias
        case FYET_SCALAR: unsafe self.fillScalar(&result, event)
        case FYET_DOCUMENT_START:
            result.kind = .documentStart
            let state = unsafe event.pointee.document_start.document_state
            unsafe result.hasDirective =
                fy_document_state_version_explicit(state) || fy_document_state_tags_explicit(state)
        default: return result
        }
        result.position = unsafe self.position(fy_event_start_mark(event))
        if result.kind == .scalar, !result.isPlain { unsafe self.widenToQuotes(&result, event) }
        self.lastPosition = result.position
        if result.kind == .alias { result.position.column = max(1, result.position.column - 1) }
        if result.kind != .documentStart, result.kind != .alias {
            unsafe self.fillProperties(&result, event)
        }
        return result
    }

    private func fillScalar(_ result: inout YAMLEvent, _ event: UnsafeMutablePointer<fy_event>) {
        result.kind = .scalar
        result.isPlain = true
        // SAFETY: see next().
        guard let token = unsafe event.pointee.scalar.value else { return }
        let style = unsafe fy_scalar_token_get_style(token)
        result.isPlain = style == FYSS_PLAIN || style == FYSS_ANY
        var count = 0
        if let text = unsafe fy_token_get_text(token, &count) {
            let bytes = unsafe UnsafeRawBufferPointer(start: text, count: count)
            unsafe result.text = String(decoding: bytes, as: UTF8.self)
        }
        if let start = unsafe fy_token_start_mark(token),
            let end = unsafe fy_token_end_mark(token),
            unsafe start.pointee.line == end.pointee.line
        {
            result.length = unsafe max(1, Int(end.pointee.column) - Int(start.pointee.column))
        }
    }

    /// libfyaml's marks of a quoted scalar leave the quotes out.
    private func widenToQuotes(_ result: inout YAMLEvent, _ event: UnsafeMutablePointer<fy_event>) {
        // SAFETY: see next().
        let style = unsafe fy_scalar_token_get_style(event.pointee.scalar.value)
        guard style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED else { return }
        result.position.column = max(1, result.position.column - 1)
        result.length += 2
    }

    private func fillProperties(_ result: inout YAMLEvent, _ event: UnsafeMutablePointer<fy_event>)
    {
        // SAFETY: see next(). A mark of an anchor stands behind its `&`.
        if let anchor = unsafe fy_event_get_anchor_token(event) {
            result.hasAnchor = true
            result.position = unsafe self.position(fy_token_start_mark(anchor))
            result.position.column = max(1, result.position.column - 1)
        } else if let tag = unsafe fy_event_get_tag_token(event) {
            result.hasTag = true
            result.position = unsafe self.position(fy_token_start_mark(tag))
        }
    }

    private func position(_ mark: UnsafePointer<fy_mark>?) -> SourcePosition {
        // SAFETY: the mark belongs to an event that is still held.
        guard let mark = unsafe mark else { return self.lastPosition }
        let line = unsafe Int(mark.pointee.line)
        let column = unsafe Int(mark.pointee.column)
        guard line >= 0, column >= 0 else { return self.lastPosition }
        return SourcePosition(line: self.firstLine + line, column: column + 1)
    }

    private func takeFailure() -> Failure? {
        // SAFETY: the messages live as long as the diagnostic object.
        var cursor: UnsafeMutableRawPointer?
        guard let first = unsafe fy_diag_errors_iterate(self.diagnostics, &cursor) else {
            // Without a message nothing was wrong: the stream has ended.
            return nil
        }
        let text = unsafe first.pointee.msg.map { unsafe String(cString: $0) } ?? "not YAML"
        let line = unsafe Int(first.pointee.line)
        let column = unsafe Int(first.pointee.column)
        let position = SourcePosition(
            line: self.firstLine + max(0, line - 1),
            column: max(1, column)
        )
        return Failure(text: text, position: position)
    }
}
