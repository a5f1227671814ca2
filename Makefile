# tokenban: build, test and lint. `make help` lists the targets.
#
# NGINX=vendored (default) builds NGINX 1.28 from the crate nginx-src; NGINX=system builds the
# module for Debian's own package. Both can be built side by side.

CARGO ?= cargo
NGINX ?= vendored
# NGINX itself would take a variable of this name for sockets to inherit.
unexport NGINX

PACKAGES = libclang-dev libpcre2-dev libssl-dev zlib1g-dev
test: PACKAGES += nghttp2-client openssl
PEERS    = nginx nginx-dev libnginx-mod-http-lua libnginx-mod-http-modsecurity time valgrind wrk
TARGET  := $(or $(CARGO_TARGET_DIR),$(CURDIR)/target)
TESTED   = --workspace
OUT     := $(TARGET)

ifeq ($(NGINX),system)
PACKAGES += nginx nginx-dev
FLAGS      = --no-default-features
# Only the module knows which NGINX it is for. A directory of its own: the file name of a cdylib
# is the same for every set of features.
TESTED     = --package ngx_http_tokenban_module
OUT       := $(TARGET)/system
CONFIGURED = $(OUT)/nginx/objs/Makefile
export CARGO_TARGET_DIR := $(OUT)
export NGINX_SOURCE_DIR := $(OUT)/nginx/src
export NGINX_BUILD_DIR  := $(OUT)/nginx/objs
export TOKENBAN_NGINX   := /usr/sbin/nginx
else ifeq ($(NGINX),vendored)
# The differential test judges what the engine reads, which is the same for every NGINX.
JUDGED = backends
test: PACKAGES += $(APPLICATIONS)
else
$(error NGINX is "vendored" or "system", not "$(NGINX)")
endif

# The back ends of the differential test, and where their pinned packages go.
APPLICATIONS = php-cli python3-venv $(if $(shell command -v npm),,nodejs npm)
APPS   = t/differential/backends
JUDGES = $(TARGET)/differential

.PHONY: help setup configure build run run-denylist backends test differential check bench bench-engine fuzz

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 14
	@echo 'With NGINX=system: the same for the NGINX of the Debian packages.'

setup: ## install the Debian packages that a build needs, where they are missing
	@missing=$$(for p in $(PACKAGES); do dpkg -s $$p >/dev/null 2>&1 || echo $$p; done); \
	if [ -n "$$missing" ]; then echo "installing" $$missing; \
	apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $$missing; fi

# The headers of nginx-dev, configured with the package's flags. NGINX writes into its sources: a copy.
$(OUT)/nginx/objs/Makefile: | setup
	rm -rf $(NGINX_SOURCE_DIR) && mkdir -p $(@D) && cp -r /usr/share/nginx/src $(NGINX_SOURCE_DIR)
	cd $(NGINX_SOURCE_DIR) && bash -c '. ./conf_flags && \
		./configure "$${NGX_CONF_FLAGS[@]}" --builddir=$(@D)' >/dev/null

configure: setup $(CONFIGURED)

build: configure ## build the module, the command and NGINX into build/
	$(CARGO) build --release --workspace $(FLAGS)
	@mkdir -p build/temp
	@ln -sf $(OUT)/release/libngx_http_tokenban_module.so build/ngx_http_tokenban_module.so
	@ln -sf $(OUT)/release/tokenban build/tokenban
	@ln -sf $(or $(TOKENBAN_NGINX),$$(ls -t $(OUT)/release/build/nginx-sys-*/out/objs/nginx | head -n 1)) \
		build/nginx

run: build ## start a demonstration in the foreground
	@echo "denied:  curl -i -H 'Authorization: Bearer leaked-demo-token-0123456789' http://127.0.0.1:8081/"
	@echo "clean:   curl -i -H 'Authorization: Bearer another-demo-token-987654321' http://127.0.0.1:8081/"
	@build/nginx -e stderr -p nginx-conf/ -c minimal.conf

run-denylist: build ## the same with a store: ban a token while NGINX runs
	@test -e build/store || build/tokenban init --store build/store --group $$(id -gn) >/dev/null
	@echo "Passes, until the token is banned; denied then, at once and in every spelling:"
	@echo "  curl -i -H 'Authorization: Bearer leaked-demo-token-0123456789' http://127.0.0.1:8081/"
	@echo "  curl -i -b 'session=\"%6ceaked-demo-token-0123456789\"' http://127.0.0.1:8081/"
	@echo "Ban it, and let it pass again:"
	@echo "  printf %s leaked-demo-token-0123456789 | build/tokenban ban --store build/store --list leaked --reason INC-42"
	@echo "  printf %s leaked-demo-token-0123456789 | build/tokenban unban --store build/store --list leaked"
	@build/nginx -e stderr -p nginx-conf/ -c denylist.conf $(AS_ROOT)

# The demonstration's store belongs to who runs it; so do its workers, then.
AS_ROOT = $(if $(filter 0,$(shell id -u)),-g 'user root;')

backends: PACKAGES += $(APPLICATIONS)
backends: $(JUDGES)/venv/installed $(JUDGES)/node/installed ## install the back ends of the differential test

$(JUDGES)/venv/installed: $(APPS)/requirements.txt | setup
	@echo "installing Flask, Django and Starlette into $(@D)"
	@rm -rf $(@D) && python3 -m venv $(@D)
	@$(@D)/bin/pip install --quiet --disable-pip-version-check --no-deps -r $<
	@touch $@

$(JUDGES)/node/installed: $(APPS)/package-lock.json $(APPS)/package.json | setup
	@echo "installing Express into $(@D)"
	@mkdir -p $(@D) && cp $^ $(@D)
	@cd $(@D) && npm ci --silent --no-audit --no-fund
	@touch $@

# One profile for tests and lints, so that NGINX and the dependencies are built once. `cargo test`
# does not build a cdylib, which the tests in t/ load; and two sets of features write the same file,
# so the module is built anew each time.
test: configure $(JUDGED) ## run every test
	@touch src/lib.rs
	$(CARGO) build --package ngx_http_tokenban_module $(FLAGS)
	$(CARGO) test $(TESTED) $(FLAGS)
	@touch src/lib.rs
	$(CARGO) build --package ngx_http_tokenban_module $(FLAGS) --features test-panic
	$(CARGO) test --package ngx_http_tokenban_module $(FLAGS) --features test-panic --test panic
	@touch src/lib.rs

N    ?= 5000
SEED ?= $(shell date +%s)

differential: configure backends ## ask real back ends what the module misses (N=5000 SEED=1)
	@touch src/lib.rs
	$(CARGO) build --package ngx_http_tokenban_module
	TOKENBAN_DIFFERENTIAL_N=$(N) TOKENBAN_DIFFERENTIAL_SEED=$(SEED) \
		nice $(CARGO) test --test differential -- --nocapture

# Debian's NGINX, so that its modules for Lua and ModSecurity can take part.
bench: ## compare with bare NGINX and other ways to deny tokens (BENCH="--rounds 3 rules")
	@$(MAKE) build NGINX=system PACKAGES='$(PACKAGES) $(PEERS)'
	python3 -B bench/bench.py --module build/ngx_http_tokenban_module.so --tokenban build/tokenban \
		--work $(TARGET)/bench $(BENCH)

bench-engine: ## time the engine alone
	$(CARGO) bench -p tokenban-engine --bench denylist --bench matcher --bench parsers --bench points

# An input that fails is left in fuzz/artifacts/: it belongs into fuzz/regressions/, with the mending.
fuzz: ## fuzz each target for a while (SECONDS=60 each); needs Rust's nightly
	@$(CARGO) fuzz --version >/dev/null 2>&1 || { echo "installing cargo-fuzz"; \
	$(CARGO) install --locked cargo-fuzz; }
	@for target in points request rules; do mkdir -p fuzz/corpus/$$target; \
	$(CARGO) +nightly fuzz run $$target fuzz/corpus/$$target fuzz/seeds/$$target \
		fuzz/regressions/$$target -- -max_total_time=$(or $(SECONDS),60) -timeout=10 \
		-max_len=4096 -dict=fuzz/request.dict || exit 1; done

check: configure ## formatting and lints
	$(CARGO) fmt --all --check
	$(CARGO) clippy $(TESTED) --all-targets $(FLAGS) -- -D warnings
# A new advisory says nothing about a change, and reading them needs a network: told, no gate.
	@if $(CARGO) deny --version >/dev/null 2>&1; then \
	$(CARGO) deny check bans licenses sources && \
	{ $(CARGO) deny check advisories || echo "advisories: not checked, or see above"; }; fi
