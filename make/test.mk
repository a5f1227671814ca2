# Tests and lints.

test: PACKAGES += curl nghttp2-client openssl prometheus python3-venv
ifeq ($(NGINX),vendored)
# What does not depend on NGINX is tested once; so is the differential test, which judges what the
# engine reads.
TESTED = --workspace
JUDGED = backends
test: PACKAGES += $(APPLICATIONS) chromium chromium-driver
else
TESTED = --package tokenban-tests
endif

# The tests in t/ are compiled once and run with the NGINX and the module that they are told.
TOLD = $(call told,debug)
told = TOKENBAN_NGINX=$(NGINX_DIR)/nginx TOKENBAN_MODULE=$(NGINX_DIR)/$(1)/ngx_http_tokenban_module.so

# Real clients of the tests, at pinned versions.
$(TARGET)/clients/installed: t/clients/requirements.txt | setup
	@echo "installing the clients of the tests into $(@D)"
	@rm -rf $(@D) && python3 -m venv $(@D)
	@$(@D)/bin/pip install --quiet --disable-pip-version-check --no-deps -r $<
	@touch $@

.PHONY: test check
test: configure $(TARGET)/clients/installed $(JUDGED) ## run every test
	$(call build_module,debug)
	$(TOLD) $(CARGO) test $(TESTED)
	$(if $(JUDGED),$(TOLD) $(OF_THE_DAY) $(CARGO) test --package tokenban-tests --test differential -- --ignored)
	@$(ask_over_http3)
	$(if $(JUDGED),$(TOLD) $(CARGO) test --package tokenban-tests --test status_page -- --ignored)
	@$(forget_module)
	$(call build_module,debug,--features test-panic,panic)
	$(call told,panic) $(CARGO) test --package tokenban-tests --test panic -- --ignored
	@$(forget_module)

# Cargo has one file for the module with and without a feature, and takes either for the other.
forget_module = rm -f $(MODULE_TARGET)/debug/deps/libngx_http_tokenban_module.so

check: configure ## formatting and lints
	$(CARGO) fmt --all --check
	$(MODULE_ENV) CARGO_TARGET_DIR=$(MODULE_TARGET) \
		$(CARGO) clippy $(LINTED) --all-targets $(MODULE_FLAGS) -- -D warnings
	@$(call settle,debug)
# A new advisory says nothing about a change, and reading them needs a network: told, no gate.
	@if $(CARGO) deny --version >/dev/null 2>&1; then \
	$(CARGO) deny check bans licenses sources && \
	{ $(CARGO) deny check advisories || echo "advisories: not checked, or see above"; }; fi

LINTED = $(if $(filter vendored,$(NGINX)),--workspace,--package ngx_http_tokenban_module)
