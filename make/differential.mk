# The differential test: real back ends say what they read, and so what the module misses.

# The back ends, and where their pinned packages go.
APPLICATIONS = php-cli python3-venv $(if $(shell command -v npm),,nodejs npm)
APPS   = t/differential/backends
JUDGES = $(TARGET)/differential

.PHONY: backends differential
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

N    ?= 5000
SEED ?= $(shell date +%s)

differential: configure backends ## ask real back ends what the module misses (N=5000 SEED=1)
	$(call build_module,debug)
	$(TOLD) TOKENBAN_DIFFERENTIAL_N=$(N) TOKENBAN_DIFFERENTIAL_SEED=$(SEED) \
		nice $(CARGO) test --package tokenban-tests --test differential -- --ignored --nocapture

