// SPDX-License-Identifier: Apache-2.0

public import Bytes

/// What one body may cost while its codings are taken off: the guard against bombs.
///
/// One budget serves all codings of a body, so that stacking them gains nothing.
public struct DecodeBudget: Sendable {
    /// Longest output of any coding, bytes.
    public var outputBytesMax: Int
    /// Output bytes per input byte.
    public var ratioMax: Int
    /// Output up to which the ratio is not asked, bytes.
    public var ratioFloorBytes: Int
    /// Turns that are left.
    public var steps: Int
    /// Bytes as sent: what the ratio is over.
    private var inputBytes: Int = 0

    /// The bounds of `Limits`, or smaller ones.
    public init(
        outputBytesMax: Int = Limits.decodedBytesMax,
        ratioMax: Int = Limits.decodedRatioMax,
        ratioFloorBytes: Int = Limits.decodedRatioFloorBytes,
        steps: Int = Limits.decodeStepsMax
    ) {
        self.outputBytesMax = outputBytesMax
        self.ratioMax = ratioMax
        self.ratioFloorBytes = ratioFloorBytes
        self.steps = steps
    }

    /// Starts a body of so many bytes as sent.
    mutating func begin(inputBytes: Int) { self.inputBytes = inputBytes }

    /// One turn of a decoder, after which its output is `outputBytes` long.
    mutating func turn(outputBytes: Int) throws(DecodeError) {
        self.steps -= 1
        if self.steps < 0 { throw .tooManySteps }
        if outputBytes > self.outputBytesMax { throw .tooLarge }
        if outputBytes > self.ratioFloorBytes,
            outputBytes / max(1, self.inputBytes) >= self.ratioMax
        {
            throw .tooDense
        }
    }
}
