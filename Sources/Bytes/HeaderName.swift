// SPDX-License-Identifier: Apache-2.0

/// A header field name that Banyan treats, as a small number; everything else is ``other``.
///
/// Only names that some rule asks for are listed: a token here costs a comparison per field.
public enum HeaderName: UInt8, BitwiseCopyable, Sendable, CaseIterable {
    /// A name that no rule asks for: forwarded as it came.
    case other
    /// `host`
    case host
    /// `connection`
    case connection
    /// `content-length`
    case contentLength
    /// `transfer-encoding`
    case transferEncoding
    /// `trailer`
    case trailer
    /// `te`
    case te
    /// `upgrade`
    case upgrade
    /// `keep-alive`
    case keepAlive
    /// `proxy-connection`
    case proxyConnection
    /// `proxy-authenticate`
    case proxyAuthenticate
    /// `proxy-authorization`
    case proxyAuthorization
    /// `http2-settings`
    case http2Settings
    /// `expect`
    case expect
    /// `forwarded`
    case forwarded
    /// `x-forwarded-for`
    case xForwardedFor
    /// `x-forwarded-host`
    case xForwardedHost
    /// `x-forwarded-proto`
    case xForwardedProto
    /// `x-forwarded-port`
    case xForwardedPort
    /// `x-forwarded-prefix`
    case xForwardedPrefix
    /// `x-real-ip`
    case xRealIP
    /// `via`
    case via
    /// `x-tenant-id`
    case xTenantID
    /// `x-user-id`
    case xUserID
    /// `banyan-shadow`
    case banyanShadow
    /// `cookie`
    case cookie
    /// `authorization`
    case authorization
    /// `content-type`
    case contentType
    /// `content-encoding`
    case contentEncoding
    /// `accept`
    case accept
    /// `range`
    case range
    /// `if-match`
    case ifMatch
    /// `if-none-match`
    case ifNoneMatch
    /// `if-modified-since`
    case ifModifiedSince
    /// `if-unmodified-since`
    case ifUnmodifiedSince
    /// `if-range`
    case ifRange
    /// `location`
    case location
    /// `content-location`
    case contentLocation
    /// `set-cookie`
    case setCookie
    /// `date`
    case date
    /// `server`
    case server
    /// `user-agent`
    case userAgent
    /// `traceparent`
    case traceparent
    /// `cache-control`
    case cacheControl
    /// `deprecation`
    case deprecation
    /// `sunset`
    case sunset
    /// `link`
    case link
    /// `retry-after`
    case retryAfter
    /// `proxy`: no field at all, but CGI programs read it as `HTTP_PROXY` (CVE-2016-5385).
    case proxy

    /// The name in lower case; empty for ``other``.
    public var lowercased: StaticString {
        switch self {
        case .other: ""
        case .host: "host"
        case .connection: "connection"
        case .contentLength: "content-length"
        case .transferEncoding: "transfer-encoding"
        case .trailer: "trailer"
        case .te: "te"
        case .upgrade: "upgrade"
        case .keepAlive: "keep-alive"
        case .proxyConnection: "proxy-connection"
        case .proxyAuthenticate: "proxy-authenticate"
        case .proxyAuthorization: "proxy-authorization"
        case .http2Settings: "http2-settings"
        case .expect: "expect"
        case .forwarded: "forwarded"
        case .xForwardedFor: "x-forwarded-for"
        case .xForwardedHost: "x-forwarded-host"
        case .xForwardedProto: "x-forwarded-proto"
        case .xForwardedPort: "x-forwarded-port"
        case .xForwardedPrefix: "x-forwarded-prefix"
        case .xRealIP: "x-real-ip"
        case .via: "via"
        case .xTenantID: "x-tenant-id"
        case .xUserID: "x-user-id"
        case .banyanShadow: "banyan-shadow"
        case .cookie: "cookie"
        case .authorization: "authorization"
        case .contentType: "content-type"
        case .contentEncoding: "content-encoding"
        case .accept: "accept"
        case .range: "range"
        case .ifMatch: "if-match"
        case .ifNoneMatch: "if-none-match"
        case .ifModifiedSince: "if-modified-since"
        case .ifUnmodifiedSince: "if-unmodified-since"
        case .ifRange: "if-range"
        case .location: "location"
        case .contentLocation: "content-location"
        case .setCookie: "set-cookie"
        case .date: "date"
        case .server: "server"
        case .userAgent: "user-agent"
        case .traceparent: "traceparent"
        case .cacheControl: "cache-control"
        case .deprecation: "deprecation"
        case .sunset: "sunset"
        case .link: "link"
        case .retryAfter: "retry-after"
        case .proxy: "proxy"
        }
    }
}
