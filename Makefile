# make test   every test, with the race detector and a real Redis where they can be had
# make check  formatting, vet, staticcheck and a short fuzz of every parser
# make build  the program, as dist/signpost
# make release VERSION=v1.2.3   the program for every system, with checksums and a list of what is inside
#
# make compare   how well and how fast articles are found, with meaning and without, beside bleve and sahilm/fuzzy
# make fit       the numbers of the ranking anew, to paste into knowledge/search/weights.go
# make pictures  docs/images anew, from what the tests compare with; needs Chromium
#
# With a real Redis of their own, on loopback; docs/delivery.md explains what they print:
# make chaos       processes are killed and platforms fail: is anything lost or doubled?
# make soak        ten minutes of steady load: does anything grow?
# make bench-flow  how fast events flow, and what Redis does for it

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
FUZZTIME ?= 3s
CHAOS ?= -chaos.events=5000 -chaos.kills=20
SOAK ?= 10m
CONVERSATIONS ?= 5000
STATICCHECK = go tool -modfile=tools/go.mod staticcheck

.PHONY: test check build release compare fit pictures fuzz chaos soak bench-flow vuln clean

test:
	@sh tools/test.sh

check:
	@files=$$(gofmt -l $$(git ls-files '*.go')); if [ -n "$$files" ]; then echo "gofmt would change:"; echo "$$files"; exit 1; fi
	go vet ./...
	$(STATICCHECK) ./...
	cd knowledge/compare && go vet ./...
	cd deploy/lint && go vet ./...
	@if command -v shellcheck >/dev/null; then shellcheck deploy/*.sh tools/*.sh; else echo "no shellcheck: the scripts were not checked"; fi
	@$(MAKE) --no-print-directory fuzz

# Each fuzz test runs for FUZZTIME, two packages at a time.
fuzz:
	@FUZZTIME=$(FUZZTIME) sh tools/fuzz.sh

# Smaller: make chaos CHAOS="-chaos.events=300 -chaos.kills=3 -chaos.faults='^bot'"
chaos:
	CGO_ENABLED=0 go test -trimpath -count=1 -run '^TestChaos$$' -v -timeout 20m -parallel 5 . $(CHAOS)

# Shorter: make soak SOAK=1m
soak:
	CGO_ENABLED=0 go test -trimpath -count=1 -run '^TestSoak$$' -v -timeout 60m . -soak.for=$(SOAK)

bench-flow:
	CGO_ENABLED=0 go test -trimpath -count=1 -run '^TestFlow$$' -v -timeout 10m . -flow.conversations=$(CONVERSATIONS)

build:
	CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o dist/signpost .

release:
	@VERSION=$(VERSION) sh tools/release.sh

# A part of it: make compare COMPARE="-only quality -set banking"
compare:
	@cd knowledge/compare && go run . $(COMPARE)

# A part of it: make fit FIT="-only signs -set 'hint3|sample'"
fit:
	@cd knowledge/compare && go run . -fit $(FIT)

pictures:
	@sh tools/pictures.sh

# Known vulnerabilities. It asks a database over the network, so it is no gate.
vuln:
	go run golang.org/x/vuln/cmd/govulncheck@v1.9.0 ./...

clean:
	rm -rf dist
