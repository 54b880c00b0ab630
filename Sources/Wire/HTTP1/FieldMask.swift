// SPDX-License-Identifier: Apache-2.0
public import Bytes

/// A set of treated field names in one word; ``HeaderName/other`` can never be in it.
public struct FieldMask: BitwiseCopyable, Sendable, Equatable {
    private var bits: UInt64 = 0

    /// No name.
    public init() {}

    /// This set and one more name.
    public func inserting(_ name: HeaderName) -> FieldMask {
        precondition(name != .other && name.rawValue < 64, "only treated names have a bit")
        var result = self
        result.bits |= 1 &<< UInt64(name.rawValue)
        return result
    }

    /// The names of both sets.
    public func union(_ other: FieldMask) -> FieldMask {
        var result = self
        result.bits |= other.bits
        return result
    }

    /// Whether the name is in the set.
    public func contains(_ name: HeaderName) -> Bool {
        self.bits &>> UInt64(name.rawValue & 63) & 1 == 1
    }

    /// What only a proxy may say about a client: dropped from requests and set again.
    public static var forwarding: FieldMask {
        FieldMask().inserting(.forwarded).inserting(.xForwardedFor).inserting(.xForwardedHost)
            .inserting(.xForwardedProto).inserting(.xForwardedPort).inserting(.xForwardedPrefix)
            .inserting(.xRealIP)
    }

    /// Who the client is and which tenant it belongs to, and the mark of a copy: never taken from
    /// it.
    public static var identity: FieldMask {
        FieldMask().inserting(.xTenantID).inserting(.xUserID).inserting(.banyanShadow)
    }

    /// What makes an answer depend on what the client has: left out of copies (design.md 2).
    public static var conditional: FieldMask {
        FieldMask().inserting(.ifMatch).inserting(.ifNoneMatch).inserting(.ifModifiedSince)
            .inserting(.ifUnmodifiedSince).inserting(.ifRange).inserting(.range)
    }
}
