# Where everything goes that is built, and what a machine needs for it.

# The absolute path may hold no blank: neither make nor NGINX's configure takes one.
ifeq ($(words $(CURDIR)),1)
TARGET := $(or $(CARGO_TARGET_DIR),$(CURDIR)/target)
else
TARGET := $(or $(CARGO_TARGET_DIR),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/tokenban/$(shell pwd | cksum | cut -d ' ' -f 1))
$(info there is a blank in the path of this directory, so what is built goes to $(TARGET))
endif
ifneq ($(words $(TARGET)),1)
$(error there is a blank in "$(TARGET)", which NGINX's configure does not take; name another directory in CARGO_TARGET_DIR)
endif
export CARGO_TARGET_DIR := $(TARGET)

# The Debian packages that a target needs. A target adds its own: `test: PACKAGES += …`.
PACKAGES += gcc make libclang-dev libpcre2-dev libssl-dev zlib1g-dev

RUST = $(shell sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)

.PHONY: setup rust
setup: rust ## install the Debian packages that a build needs, where they are missing
	@command -v dpkg >/dev/null || { echo 'This is no Debian. Needed are what its packages have:' $(PACKAGES); exit; }; \
	missing=$$(for p in $(sort $(PACKAGES)); do dpkg -s $$p >/dev/null 2>&1 || echo $$p; done); \
	[ -n "$$missing" ] || exit 0; \
	if [ $$(id -u) != 0 ]; then echo 'Packages are missing. As root, run:'; \
	echo "  apt-get install" $$missing; exit 1; fi; \
	echo "installing" $$missing; \
	apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $$missing

rust:
	@found=$$($(CARGO) --version 2>/dev/null | cut -d ' ' -f 2); \
	[ -n "$$found" ] || { echo 'Rust $(RUST) or later is needed, and there is none: see https://rustup.rs/'; exit 1; }; \
	printf '%s\n' $(RUST) "$${found%%-*}" | sort -C -V || \
	{ echo "Rust $(RUST) or later is needed, and this is $$found: see https://rustup.rs/"; exit 1; }
