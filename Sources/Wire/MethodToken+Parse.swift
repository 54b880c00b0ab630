// SPDX-License-Identifier: Apache-2.0
public import Bytes

extension MethodToken {
    /// The method that the token [0, `length`) of `head` is; methods are case-sensitive
    /// (RFC 9110 9.1), so `get` is ``other``.
    public static func parse(_ head: ByteWindow, length: Int) -> MethodToken {
        guard length >= 3 && length <= 7 else { return .other }
        let word = head.word(at: 0, count: length)
        switch length {
        case 3: return word == asciiWord("GET") ? .get : word == asciiWord("PUT") ? .put : .other
        case 4:
            return word == asciiWord("POST") ? .post : word == asciiWord("HEAD") ? .head : .other
        case 5:
            return word == asciiWord("PATCH")
                ? .patch : word == asciiWord("TRACE") ? .trace : .other
        case 6: return word == asciiWord("DELETE") ? .delete : .other
        default:
            return word == asciiWord("OPTIONS")
                ? .options : word == asciiWord("CONNECT") ? .connect : .other
        }
    }
}
