// SPDX-License-Identifier: Apache-2.0

/// The version of this build, as `banyan version`, `banyan_build_info` and the status say it.
public let productVersion = "0.1.0"
