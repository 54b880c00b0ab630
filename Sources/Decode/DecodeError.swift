// SPDX-License-Identifier: Apache-2.0

import Bytes

/// Why a body could not be made readable; an exchange with one is `unobserved(undecodable)`.
///
/// Never holds bytes of the body.
public enum DecodeError: Error, Sendable, Hashable, CustomStringConvertible {
    /// A content coding that is not known here.
    case unknownCoding
    /// More codings than ``Limits/contentCodingsMax``.
    case tooManyCodings
    /// The input ends before the coding says so.
    case truncated(ContentCoding)
    /// The input is not of this coding, or its checksum is wrong.
    case corrupt(ContentCoding)
    /// Bytes that do not belong to the coding follow its end.
    case trailingBytes(ContentCoding)
    /// A coding asks for more memory than its bound (window of zstd), or there is none.
    case memory(ContentCoding)
    /// The output is longer than its bound.
    case tooLarge
    /// The output grows faster over its input than its bound: a bomb.
    case tooDense
    /// More turns than the bound: a bomb of empty members.
    case tooManySteps
    /// Not well-formed XML.
    case xmlMalformed
    /// XML with a document type: entities are a way to read files and to explode.
    case xmlDocumentType
    /// XML deeper, longer or with more nodes than its bound.
    case xmlTooLarge
    /// A charset that is not known here, or bytes that are not of it.
    case charset

    /// The word in metrics and logs: `truncated_gzip`.
    public var word: String {
        switch self {
        case .unknownCoding: "unknown_coding"
        case .tooManyCodings: "too_many_codings"
        case .truncated(let coding): "truncated_\(coding.rawValue)"
        case .corrupt(let coding): "corrupt_\(coding.rawValue)"
        case .trailingBytes(let coding): "trailing_bytes_\(coding.rawValue)"
        case .memory(let coding): "memory_\(coding.rawValue)"
        case .tooLarge: "too_large"
        case .tooDense: "too_dense"
        case .tooManySteps: "too_many_steps"
        case .xmlMalformed: "xml_malformed"
        case .xmlDocumentType: "xml_document_type"
        case .xmlTooLarge: "xml_too_large"
        case .charset: "charset"
        }
    }

    /// For people: the word.
    public var description: String { self.word }
}
