# Which NGINX a target is for. Only the module depends on it: what this file says is where NGINX is,
# where its headers are, and where its module goes.

SUITES = bookworm trixie sid

# The module for this NGINX, and NGINX itself, as nginx and ngx_http_tokenban_module.so.
NGINX_DIR := $(TARGET)/nginx/$(NGINX)$(if $(NGINX_SOURCE),-$(shell echo $(NGINX_SOURCE) | cksum | cut -d " " -f 1))

ifeq ($(NGINX),vendored)
MODULE_TARGET := $(TARGET)
else
# The file name of a cdylib is the same for every set of features: so a directory of its own, shared
# by all NGINX that are not built by nginx-sys.
MODULE_TARGET := $(TARGET)/installed
MODULE_FLAGS   = --no-default-features --features export-modules
MODULE_ENV     = NGINX_SOURCE_DIR=$(NGINX_DIR)/src NGINX_BUILD_DIR=$(NGINX_DIR)/objs
endif

ifeq ($(NGINX),vendored)
else ifeq ($(NGINX),system)
PACKAGES += nginx nginx-dev
configure: $(NGINX_DIR)/objs/Makefile
$(NGINX_DIR)/objs/Makefile: | setup
	@$(call configure_debian,/usr/share/nginx/src)
	@ln -sf /usr/sbin/nginx $(NGINX_DIR)/nginx
else ifneq ($(filter $(NGINX),$(SUITES)),)
configure: $(NGINX_DIR)/objs/Makefile
$(NGINX_DIR)/objs/Makefile: $(TARGET)/suites/$(NGINX)/nginx
	@$(call configure_debian,$(<D)/usr/share/nginx/src)
	@ln -sf $< $(NGINX_DIR)/nginx
else ifeq ($(NGINX),source)
ifeq ($(wildcard $(NGINX_SOURCE)/src/core/nginx.h),)
$(error NGINX_SOURCE="$(NGINX_SOURCE)" is no source tree of NGINX)
endif
configure: source
else
$(error NGINX is "vendored", "system", or one of "$(SUITES)", not "$(NGINX)")
endif

# NGINX writes into its sources: a copy. The flags are those of Debian's package.
configure_debian = echo 'configuring the headers of NGINX=$(NGINX)'; \
	rm -rf $(NGINX_DIR) && mkdir -p $(NGINX_DIR) && cp -r $(1) $(NGINX_DIR)/src && \
	cd $(NGINX_DIR)/src && bash -c '. ./conf_flags && \
	./configure "$${NGX_CONF_FLAGS[@]}" --builddir=$(NGINX_DIR)/objs' >/dev/null

# As the vendored one. A directory for each source tree, and make does only what has changed in it.
NGINX_CONFIGURE_ALL = --with-compat --with-http_realip_module --with-http_ssl_module \
	--with-http_v2_module --with-http_dav_module --with-http_auth_request_module \
	--with-http_stub_status_module --with-threads $(NGINX_CONFIGURE)

.PHONY: configure source
configure: setup

source: setup
	@mkdir -p $(NGINX_DIR)/src && cp -Ru --preserve=mode,timestamps $(NGINX_SOURCE)/. $(NGINX_DIR)/src
	@cd $(NGINX_DIR)/src && set -- $(NGINX_CONFIGURE_ALL) && \
	if [ "$$*" != "$$(cat $(NGINX_DIR)/configured 2>/dev/null)" ]; then echo 'configuring $(NGINX_SOURCE)'; \
	$$(ls ./configure ./auto/configure 2>/dev/null | head -n 1) "$$@" --builddir=$(NGINX_DIR)/objs >/dev/null && \
	echo "$$*" > $(NGINX_DIR)/configured; fi
	@cd $(NGINX_DIR)/src && $(MAKE) -s -f $(NGINX_DIR)/objs/Makefile
	@ln -sf objs/nginx $(NGINX_DIR)/nginx

# Builds the module with a profile and puts it and NGINX itself into NGINX_DIR:
#   $(call build_module,debug), $(call build_module,release,--release)
# A third argument is another directory than that of the profile.
define build_module
	$(MODULE_ENV) CARGO_TARGET_DIR=$(MODULE_TARGET) \
		$(CARGO) build --package ngx_http_tokenban_module $(MODULE_FLAGS) $(2)
	@$(call settle,$(1))
	@mkdir -p $(NGINX_DIR)/$(or $(3),$(1))
	@cp $(MODULE_TARGET)/$(1)/libngx_http_tokenban_module.so \
		$(NGINX_DIR)/$(or $(3),$(1))/ngx_http_tokenban_module.so
	@$(if $(filter vendored,$(NGINX)),ln -sf $$(ls -t $(TARGET)/$(1)/build/nginx-sys-*/out/objs/nginx | head -n 1) $(NGINX_DIR)/nginx)
endef

# nginx-sys names files as its inputs that NGINX's configure has written meanwhile, so that Cargo would
# build all of it again the next time: they get the time at which that began.
settle = for built in $(MODULE_TARGET)/$(1)/build/nginx-sys-*/out/objs; do [ ! -d $$built ] || \
	touch -r $$built/../../invoked.timestamp $$built/Makefile $$built/ngx_auto_config.h; done
