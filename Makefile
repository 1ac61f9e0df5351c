# make demo             everything once, from nothing; DATA=FOLDER takes a Foursquare data folder
# make test             all tests; FILTER=NAME only some
# make check            format, scripts and the rules of the house
# make bench            all benchmarks; DATA=FOLDER takes real cities; NAME="nearest --vectors 100000" runs one
# make chaos-events     events through 300 kills, 50 torn logs, 5 emptied Redises, 100 stale owners; 15 minutes
# make build            programs and tests, one and the same optimized build for demo, tests and benchmarks
# make clean            removes what was built; run folders stay

SWIFT ?= swift
FLAGS := -c release -Xswiftc -enable-testing
SCRIPTS := .ci/run Benchmarks/chaos-cluster Benchmarks/estimate-jobs Benchmarks/move-city Benchmarks/serve-cluster \
	Benchmarks/two-workers \
	Benchmarks/peers/import-beside-duckdb \
	$(addprefix cluster/,demo down install-dependencies lib.sh start up)
SOURCES := $(wildcard Package.swift Sources Coordinator Worker Booking Tests Benchmarks)

.PHONY: demo test check bench chaos-events build clean
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
	@.build/release/muster-bench $(or $(NAME),all) $(if $(DATA),--data "$(DATA)")

chaos-events: build
	@.build/release/muster-bench events --only --kills 200 --truncations 50 --flushes 5 --fences 100
	@Benchmarks/chaos-cluster 100
	$(SWIFT) test $(FLAGS) --skip-build --filter EventSerialTests

clean:
	$(SWIFT) package clean
