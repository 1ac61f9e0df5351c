# make demo             everything once, from nothing; DATA=FOLDER takes a Foursquare data folder
# make test             all tests; FILTER=NAME only some
# make check            format, scripts and the rules of the house
# make bench            benchmarks; NAME="nearest --vectors 100000"
# make build            programs and tests, one and the same optimized build for demo, tests and benchmarks
# make clean            removes what was built; run folders stay

SWIFT ?= swift
FLAGS := -c release -Xswiftc -enable-testing
SCRIPTS := .ci/run $(addprefix cluster/,demo down install-dependencies lib.sh start up)
SOURCES := $(wildcard Package.swift Sources Coordinator Worker Tests Benchmarks)

.PHONY: demo test check bench build clean
.DEFAULT_GOAL := build

build:
	@cluster/install-dependencies
	$(SWIFT) build $(FLAGS) --build-tests

demo: build
	@cluster/demo $(if $(DATA),"$(DATA)")

test: build
	$(SWIFT) test $(FLAGS) --skip-build $(if $(FILTER),--filter $(FILTER))

check: build
	$(SWIFT) format lint --strict --recursive --parallel $(SOURCES)
	@for script in $(SCRIPTS); do bash -O extglob -n $$script || exit 1; done
	$(SWIFT) test $(FLAGS) --skip-build --filter TidyTests

bench: build
	@test -x .build/release/muster-bench || { echo "this version has no program muster-bench" >&2; exit 1; }
	.build/release/muster-bench $(NAME)

clean:
	$(SWIFT) package clean
