# Pollux. "make help" lists the verbs.
#
# Two of them are all that a stranger needs, on a fresh Debian 12 with Go: "sudo make demo" and "sudo make test".

export PATH := $(PATH):/usr/local/go/bin:/usr/lib/go/bin
export GOFLAGS ?= -buildvcs=false

SECONDS  ?=
FUZZTIME ?= 5s

# The race detector is slow: it watches the packages in which more than one goroutine meets.
RACE := $(patsubst %,./%/...,$(wildcard counter internal/ring internal/vlog internal/metrics dpif pmd rxtx ofproto ctl vswitch perf))
# Packages with tests that need namespaces carry the build tag lab.
LAB  = $(shell grep -rl --include='*_test.go' '^//go:build lab' . | xargs -r -n1 dirname | sort -u)

.NOTPARALLEL:
.PHONY: help build test check unit race lab fuzz bench gen demo clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile

build: ## bin/pollux, one static binary
	CGO_ENABLED=0 go build -trimpath -o bin/pollux ./cmd/pollux

test: ## installs what the tests need and runs all of them (root)
	scripts/deps.sh test
	$(MAKE) --no-print-directory check unit race lab

check: ## format and vet
	@bad=$$(gofmt -l .); [ -z "$$bad" ] || { echo "not formatted:"; echo "$$bad"; exit 1; }
	go vet ./...
	go vet -tags lab ./...

unit: ## what needs no root
	go test ./...

race: ## under the race detector
	go test -race $(RACE)

lab: ## namespaces, real clients, real traffic (root)
	go test -tags lab -count=1 -p 1 -timeout 10m $(LAB)

fuzz: ## every fuzz target for FUZZTIME
	scripts/fuzz.sh $(FUZZTIME)

bench: ## against Open vSwitch, in the same minutes on the same machine (root)
	scripts/deps.sh bench
	bench/all.sh

gen: ## XDP programs from their C sources; the objects are committed
	scripts/deps.sh gen
	go generate ./...

demo: ## two namespaces, Pollux between them; SECONDS=10 ends by itself (root)
	scripts/deps.sh demo
	scripts/demo.sh $(SECONDS)

clean: ## what make made
	rm -rf bin
