# The two commands of the README, and what a contributor needs beside them.
#
#   make demo        install what is missing, build, measure the bundled sample, show the results
#   make test        install what is missing, build, run every test
#
#   make build       leaves the agent at build/lance-bench
#   make test-long   the same tests with hours of fuzzing and hundreds of kills
#   make test-asan   only the unit tests under AddressSanitizer and UBSan, which make test runs too
#   make release     dist/: the agent, and the objects to link it again with another libc
#   make lint        the look of the C code, the scripts, the Rust code
#   make clean       removes build folders; the compiled Lance core stays in its cache

BUILD ?= build
JOBS ?= 2
CMAKE_FLAGS ?=

.PHONY: build demo test test-long test-asan release lint clean

build:
	scripts/setup build
	scripts/with-env cmake -G Ninja -S . -B $(BUILD) $(CMAKE_FLAGS)
	scripts/with-env cmake --build $(BUILD) -j $(JOBS)

demo: build
	scripts/setup run
	scripts/with-env scripts/demo $(BUILD)/lance-bench

test: build
	scripts/setup test
	scripts/with-env scripts/test $(BUILD)

test-long: build
	scripts/setup test
	LANCE_BENCH_LONG=1 scripts/with-env scripts/test $(BUILD)

test-asan:
	scripts/setup build
	scripts/with-env cmake -G Ninja -S . -B $(BUILD)-asan -DLANCE_BENCH_SANITIZE=ON
	scripts/with-env cmake --build $(BUILD)-asan -j $(JOBS)
	scripts/with-env ctest --test-dir $(BUILD)-asan --output-on-failure -L unit

release: build
	scripts/with-env scripts/release $(BUILD)

lint:
	scripts/lint

clean:
	rm -rf $(BUILD) $(BUILD)-asan $(BUILD)-clang dist
