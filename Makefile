# `make` lists what can be made. Nothing here needs more than a Rust toolchain, Python 3 with pip, and curl.

.DEFAULT_GOAL := help
.PHONY: help run build release dist dist-test test lint fmt bench soak openapi postgres nats schemathesis clean

CARGO ?= cargo

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: postgres ## Build, fetch the embedded PostgreSQL, start on http://localhost:7700
	$(CARGO) run --locked --bin ddb -- start

build: ## Build everything for development
	$(CARGO) build --locked --workspace --all-targets

# What `ddb --version` tells.
BUILD = DARSHJDB_COMMIT=$$(git rev-parse --short=12 HEAD 2>/dev/null || echo unknown) DARSHJDB_BUILT=$$(date -u +%F)

release: postgres ## Build target/release/ddb, optimised
	$(BUILD) $(CARGO) build --locked --release --bin ddb --bin ddb-server

dist: ## Build target/dist/ddb-…, one file with PostgreSQL inside, and its checksum
	@deploy/dist/build.sh

dist-test: dist ## Start that file in a bare Debian, by root and by an ordinary user (as root; fetches Debian by debootstrap)
	@deploy/dist/test.sh

test: postgres nats schemathesis ## Fetch what the tests need and run them all
	@.ci/timed 'tests' $(CARGO) test --locked --workspace --no-fail-fast

lint: ## Check format, clippy with warnings as errors, and the rules for dependencies and licences
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- --deny warnings
	$(CARGO) test --locked --package darshjdb --test layers
	@if $(CARGO) deny --version >/dev/null 2>&1; then $(CARGO) deny --offline check bans licenses sources; \
	else echo "cargo-deny is not installed; the rules of deny.toml were checked by the test 'layers'"; fi

fmt: ## Format the code
	$(CARGO) fmt --all

bench: postgres ## Measure and print every figure, beside PocketBase and bare PostgreSQL
	$(CARGO) bench --locked --package darshjdb

soak: postgres nats schemathesis ## Run the long form of the fault tests and of the questions to the HTTP interface
	DDB_SOAK=1 $(CARGO) test --locked --workspace --release -- soak --nocapture

openapi: postgres ## Write services/darshjdb/openapi.json as the server serves it
	OPENAPI_WRITE=1 $(CARGO) test --locked --quiet --package darshjdb --test openapi the_checked_in_document

postgres: ## Fetch the PostgreSQL that ddb embeds into .cache
	@.ci/timed 'PostgreSQL' libs/postgres/fetch.sh

nats: ## Fetch the nats-server that the tests use into .cache
	@.ci/timed 'nats-server' libs/testkit/fetch-nats.sh

schemathesis: ## Fetch the schemathesis that the tests use into .cache
	@.ci/timed 'schemathesis' libs/testkit/fetch-schemathesis.sh

clean: ## Remove what was built and fetched; ./ddb-data stays
	$(CARGO) clean
	rm -rf .cache
