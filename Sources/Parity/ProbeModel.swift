// SPDX-License-Identifier: Apache-2.0

/// Two places of an answer whose counts both origins have to agree on: the total that it states,
/// and the length of its list.
public struct CountCheck: Sendable, Hashable {
    /// JSON pointer to a number, `/total`; empty: none.
    public var total: String
    /// JSON pointer to an array whose elements are counted, `/entry`; `nil`: none, empty: the
    /// whole answer is the array.
    public var list: String?
    /// The rest of the answer is not compared.
    public var isOnly: Bool

    /// A check from its parts.
    public init(total: String, list: String?, isOnly: Bool = false) {
        self.total = total
        self.list = list
        self.isOnly = isOnly
    }

    /// A FHIR Bundle: `Bundle.total` and `Bundle.entry`.
    public static let bundle = CountCheck(total: "/total", list: "/entry")
}

/// One entry of `parity.probes`: a read that Banyan makes by itself, for tenants that may have no
/// traffic yet.
public struct ProbeModel: Sendable, Hashable {
    /// Its name, unique in the route.
    public var name: String
    /// Public path and query; `{tenant}` and `{variable}` are filled in.
    public var path: String
    /// Values of the variables, in the order of their names; every combination is one read.
    public var variables: [ProbeVariable]
    /// Tenant ids; empty with ``waves``: all tenants.
    public var tenants: [String]
    /// Values of the `wave` label; tenants of these waves are read too.
    public var waves: [String]
    /// Pause between two reads of one combination.
    public var everyMilliseconds: Int
    /// Header fields of the request.
    public var headers: [CapturedField]
    /// Counts that have to agree.
    public var count: CountCheck?

    /// A probe of all tenants, once an hour.
    public init(name: String, path: String) {
        self.name = name
        self.path = path
        self.variables = []
        self.tenants = []
        self.waves = []
        self.everyMilliseconds = 3_600_000
        self.headers = []
        self.count = nil
    }

    /// Reads of one tenant.
    public var combinations: Int { self.variables.reduce(1) { $0 * $1.values.count } }

    /// Whether a tenant of this id and wave label is read.
    public func covers(tenant: String, wave: String) -> Bool {
        if self.tenants.isEmpty, self.waves.isEmpty { return true }
        return self.tenants.contains(tenant) || (!wave.isEmpty && self.waves.contains(wave))
    }

    /// Path and query of one combination: the last variable changes fastest.
    public func target(_ combination: Int, tenant: String) -> String {
        precondition((0..<self.combinations).contains(combination), "\(combination)")
        var values = ["tenant": tenant]
        var rest = combination
        for variable in self.variables.reversed() {
            values[variable.name] = variable.values[rest % variable.values.count]
            rest /= variable.values.count
        }
        var target = ""
        var name: String?
        for character in self.path {
            switch (character, name) {
            case ("{", nil): name = ""
            case ("}", let filled?):
                target += values[filled].map(ProbeModel.encoded) ?? ""
                name = nil
            case (_, let part?): name = part + String(character)
            default: target.append(character)
            }
        }
        return target
    }

    /// RFC 3986 2.3: everything but unreserved bytes is percent-encoded.
    private static func encoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF")
        var result = ""
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f, 0x7e:
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                result += "%" + String([digits[Int(byte >> 4)], digits[Int(byte & 15)]])
            }
        }
        return result
    }
}

/// A variable of a probe's path, and what it stands for in turn.
public struct ProbeVariable: Sendable, Hashable {
    /// Name between braces.
    public var name: String
    /// Values, at least one.
    public var values: [String]

    /// A variable from its parts.
    public init(name: String, values: [String]) {
        self.name = name
        self.values = values
    }
}
