# The Debian packages that a target needs. A target adds its own: `test: PACKAGES += …`.

PACKAGES += libclang-dev libpcre2-dev libssl-dev zlib1g-dev

.PHONY: setup
setup: ## install the Debian packages that a build needs, where they are missing
	@missing=$$(for p in $(PACKAGES); do dpkg -s $$p >/dev/null 2>&1 || echo $$p; done); \
	if [ -n "$$missing" ]; then echo "installing" $$missing; \
	apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $$missing; fi
