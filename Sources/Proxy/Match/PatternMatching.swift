// SPDX-License-Identifier: Apache-2.0

public import Migration
public import Patterns

/// Routing asks for regular expressions through a protocol, because it is pure and PCRE2 is not its
/// business; this is where the two meet.
extension PatternScratch: PatternMatcher {}
