# What each target does is said in CONTRIBUTING.md. Recorded sessions are taken from TANDEM_TRACES, or from beside the repository.
TANDEM_TRACES ?= $(realpath ../shared/traces)
export TANDEM_TRACES

.PHONY: run test check bench bench-long microbench long fuzz

run:
	go run ./cmd/tandem serve

test:
	scripts/test

check:
	scripts/check

bench:
	scripts/bench

bench-long:
	scripts/bench long

microbench:
	scripts/microbench

long:
	scripts/test long

fuzz:
	scripts/fuzz
