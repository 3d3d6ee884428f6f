# `make` lists the targets. Each does what it needs first, and costs nothing when that is done. V=1 shows all they print.

# Tests and programs are one release build: what is tested is what runs, and the tests take seconds.
swift_flags := -c release -Xswiftc -enable-testing

.PHONY: help setup build test soak sanitize fuzz headers lint install uninstall installcheck package packagecheck bench demo clean

help: ## list these targets
	@sed -nE 's/^([a-z]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

setup: ## install what is missing and link libtorch as .libtorch (TORCH_DIR names one)
	@scripts/setup

build: setup ## build twins-launch, twins-worker and twins-page in release mode
	@scripts/stage "Building twins-launch, twins-worker and twins-page" scripts/build $(swift_flags)

test: setup ## run every test
	@scripts/readers
	@scripts/stage "Building programs and tests" scripts/build --build-tests $(swift_flags)
	OMP_NUM_THREADS=1 swift test --skip-build $(swift_flags)

soak: setup ## break forty runs at random moments, and kill workers and launchers of trainings two hundred times
	@scripts/stage "Building programs and tests" scripts/build --build-tests $(swift_flags)
	TWINS_SOAK=40 TWINS_KILLS=200 OMP_NUM_THREADS=1 \
	  swift test --skip-build $(swift_flags) --filter 'FaultSweepTests|KillSweepTests|OrderTests|WeatherTests'

sanitize: setup ## run the kernels' tests with address and undefined-behaviour checks, two minutes
	@scripts/sanitize

fuzz: setup ## look under sanitizers for what no test expects, fifteen minutes; SEED=n for another run
	@scripts/fuzz

headers: ## compile the shim against the headers of libtorch 2.11 to 2.13, which are fetched once (1.3 GB)
	@scripts/check-headers

lint: ## check the format of the Swift sources
	swift format lint --strict -r Package.swift Sources Tests Benchmarks

install: build ## lay programs, manual and systemd unit under /opt/twins and /etc; FLAGS="--prefix DIR ..." for elsewhere
	deploy/install.sh $(FLAGS)

uninstall: ## take away what install laid there, with the same FLAGS
	deploy/install.sh --uninstall $(FLAGS)

installcheck: build ## install into a temporary folder, check the unit, train from there, take it away
	scripts/installcheck

package: build ## make a .deb and a relocatable tarball with libtorch for the CPU, into .build/package (100 MB each)
	@scripts/package

packagecheck: build ## try both as root in a bare Debian, as deploy/Containerfile has it: train, remove, move
	@scripts/digits && scripts/packagecheck

bench: build ## time each kernel beside libtorch, and a step beside PyTorch's if PEER_PYTHON names a Python with it
	scripts/bench-kernels
	scripts/bench

demo: build ## train on handwritten digits with eight workers, in five minutes
	@scripts/digits && scripts/demo

clean: ## remove what was built and trained; what setup fetched stays
	rm -rf .build .demo
