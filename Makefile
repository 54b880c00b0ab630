# SPDX-License-Identifier: Apache-2.0
# Every command of the house. `make help` lists them.

SHELL := /bin/bash
.DEFAULT_GOAL := help
export SWIFT_BACKTRACE := enable=no

BUILD_PACKAGES := libssl-dev libsqlite3-dev libfyaml-dev libpcre2-dev zlib1g-dev libbrotli-dev \
  libzstd-dev libxml2-dev libc-ares-dev libnghttp2-dev pkg-config
TEST_PACKAGES := openssl curl nghttp2-client nghttp2-server testssl.sh python3 python3-venv nginx-light haproxy prometheus strace gdb util-linux binutils gcc libc6-dev \
  libxml2-utils python3-brotli zstd chromium fonts-dejavu-core
BENCH_PACKAGES := nginx-light haproxy nghttp2-client openssl strace valgrind util-linux binutils python3
CHECKED := --explicit-target-dependency-import-check error
FUZZERS := FuzzRequestHead FuzzResponseHead FuzzWebSocket FuzzChunked FuzzFlagDocument FuzzParity FuzzRouteFile \
  FuzzBodies FuzzH2Server FuzzH2Client
FUZZ_SECONDS ?= 600
SANITIZERS ?= thread address

.PHONY: help deps deps-test deps-bench build run test check lint format bench micro hotpath soak fuzz sanitize clean

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

deps: ## install the Debian packages that a build needs (only those that are missing)
	@.ci/packages $(BUILD_PACKAGES)
	@.ci/nghttp2

deps-test: deps ## likewise, what the tests need
	@.ci/packages $(TEST_PACKAGES)
	@.ci/oracles

deps-bench: deps ## likewise, what the measurements need
	@.ci/packages $(BENCH_PACKAGES)

build: deps ## release build: .build/release/banyan
	swift build -c release $(CHECKED) --product banyan

run: build ## an edge before sample services, with lines to try; ends with Ctrl-C
	@exec .build/release/banyan sample tour

test: deps-test ## all tests (20 minutes at most on two cores)
	swift build -c release $(CHECKED) --product banyan
	swift build --build-tests $(CHECKED)
	swift test --skip-build --disable-xctest

check: deps lint ## before each commit: format, layers, tidy and unit tests
	swift build --build-tests $(CHECKED)
	swift test --skip-build --disable-xctest --skip AcceptanceTests

lint: ## the formatter's strict reading
	swift format lint --strict --parallel --recursive Sources Tests Package.swift

format: ## format in place
	swift format --in-place --parallel --recursive Sources Tests Package.swift

bench: deps-bench build ## beside nginx and HAProxy, one core each (BENCH_ONLY, BENCH_ROUNDS, BENCH_SECONDS, BENCH_JSON)
	swift build -c release $(CHECKED) --product banyan-bench
	.build/release/banyan-bench compare --banyan .build/release/banyan \
	  $(if $(BENCH_ONLY),--only $(BENCH_ONLY))

micro: deps ## parse, route lookup and decision alone in nanoseconds; JSON read and compared in MB/s
	swift build -c release $(CHECKED) --product banyan-bench
	.build/release/banyan-bench micro

hotpath: build ## no retain, release or allocation between Accept and Tally (allow-list: .ci/hotpath.allow)
	@.ci/packages binutils
	@.ci/hotpath .build/release/banyan

soak: deps-test ## the long forms of the acceptance tests: kills, hostile bytes, faults
	swift build -c release $(CHECKED) --product banyan
	swift build --build-tests $(CHECKED)
	BANYAN_SOAK=1 BANYAN_BINARY="$(CURDIR)/.build/release/banyan" swift test --skip-build --disable-xctest --filter AcceptanceTests

fuzz: deps ## every fuzzer for FUZZ_SECONDS; what breaks one is kept in .build/fuzz/found
	@.ci/fuzz "$(FUZZ_SECONDS)" $(FUZZERS)

sanitize: deps-test ## all tests under ThreadSanitizer, then AddressSanitizer; reports in .build/tsan/reports, .build/asan/reports (SANITIZERS)
	@failed=0; for kind in $(SANITIZERS); do .ci/sanitize $$kind || failed=1; done; exit $$failed

clean: ## remove what was built
	rm -rf .build
