# Tests and lints.

test: PACKAGES += nghttp2-client openssl
ifeq ($(NGINX),vendored)
# The differential test judges what the engine reads, which is the same for every NGINX.
JUDGED = backends
test: PACKAGES += $(APPLICATIONS)
endif

.PHONY: test check
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

check: configure ## formatting and lints
	$(CARGO) fmt --all --check
	$(CARGO) clippy $(TESTED) --all-targets $(FLAGS) -- -D warnings
# A new advisory says nothing about a change, and reading them needs a network: told, no gate.
	@if $(CARGO) deny --version >/dev/null 2>&1; then \
	$(CARGO) deny check bans licenses sources && \
	{ $(CARGO) deny check advisories || echo "advisories: not checked, or see above"; }; fi
