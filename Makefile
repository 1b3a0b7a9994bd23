# make test   every test, with the race detector and a real Redis where they can be had
# make check  formatting, vet, staticcheck and a short fuzz of every parser
# make build  the program, as dist/signpost

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
FUZZTIME ?= 3s
STATICCHECK = go tool -modfile=tools/go.mod staticcheck

.PHONY: test check build fuzz vuln clean

test:
	@sh tools/test.sh

check:
	@files=$$(gofmt -l $$(git ls-files '*.go')); if [ -n "$$files" ]; then echo "gofmt would change:"; echo "$$files"; exit 1; fi
	go vet ./...
	$(STATICCHECK) ./...
	@$(MAKE) --no-print-directory fuzz

# Each fuzz test runs for FUZZTIME, one after the other: go takes one at a time.
fuzz:
	@FUZZTIME=$(FUZZTIME) sh tools/fuzz.sh

build:
	CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o dist/signpost .

# Known vulnerabilities. It asks a database over the network, so it is no gate.
vuln:
	go run golang.org/x/vuln/cmd/govulncheck@v1.9.0 ./...

clean:
	rm -rf dist
