# tokenban: build, test and lint. `make help` lists the targets.

CARGO ?= cargo
PACKAGES = libclang-dev libpcre2-dev libssl-dev zlib1g-dev

.PHONY: help setup build test check

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 12

setup: ## install the Debian packages that a build needs, where they are missing
	@missing=$$(for p in $(PACKAGES); do dpkg -s $$p >/dev/null 2>&1 || echo $$p; done); \
	if [ -n "$$missing" ]; then echo "installing" $$missing; \
	apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $$missing; fi

build: setup ## build the command at build/tokenban
	$(CARGO) build --release --workspace
	@mkdir -p build && ln -sf ../target/release/tokenban build/tokenban

test: setup ## run every test
	$(CARGO) test --release --workspace

check: setup ## formatting and lints
	$(CARGO) fmt --all --check
	$(CARGO) clippy --release --workspace --all-targets -- -D warnings
	@if $(CARGO) deny --version >/dev/null 2>&1; then $(CARGO) deny check; fi
