# Which NGINX a target is for, where its headers are and where its module is built.

TARGET := $(or $(CARGO_TARGET_DIR),$(CURDIR)/target)
TESTED  = --workspace
OUT    := $(TARGET)

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
else ifneq ($(NGINX),vendored)
$(error NGINX is "vendored" or "system", not "$(NGINX)")
endif

# The headers of nginx-dev, configured with the package's flags. NGINX writes into its sources: a copy.
$(OUT)/nginx/objs/Makefile: | setup
	rm -rf $(NGINX_SOURCE_DIR) && mkdir -p $(@D) && cp -r /usr/share/nginx/src $(NGINX_SOURCE_DIR)
	cd $(NGINX_SOURCE_DIR) && bash -c '. ./conf_flags && \
		./configure "$${NGX_CONF_FLAGS[@]}" --builddir=$(@D)' >/dev/null

.PHONY: configure
configure: setup $(CONFIGURED)
