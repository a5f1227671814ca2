# NGINX's own way to build a module: ./configure --add-dynamic-module=DIR and --add-module=DIR, with
# the sources of the vendored NGINX, and one test of each.

WAYS       = $(TARGET)/configure
NGINX_CRATE = $$($(CARGO) metadata --format-version 1 | grep -o '[^"]*/nginx-src-[^"]*/Cargo.toml' | head -n 1)

.PHONY: test-configure
test-configure: setup ## build the module with NGINX's configure, both ways, and test it
	@$(call configure_with,dynamic,--add-dynamic-module)
	@$(call configure_with,static,--add-module)
	TOKENBAN_NGINX=$(WAYS)/dynamic/objs/nginx TOKENBAN_MODULE=$(WAYS)/dynamic/objs/ngx_http_tokenban_module.so \
		$(CARGO) test --package tokenban-tests --test phases
	TOKENBAN_NGINX=$(WAYS)/static/objs/nginx TOKENBAN_MODULE= \
		$(CARGO) test --package tokenban-tests --test phases

# The compiled dependencies are those of the other tests.
configure_with = echo 'configure $(2)'; mkdir -p $(WAYS)/$(1)/objs && cp -Ru $$(dirname "$(NGINX_CRATE)")/nginx/. $(WAYS)/$(1) && \
	cd $(WAYS)/$(1) && CARGO_TARGET_DIR=$(TARGET) TOKENBAN_PROFILE=dev \
	auto/configure --with-compat --with-http_ssl_module --with-http_auth_request_module \
	--with-http_v2_module --with-threads $(2)=$(CURDIR) >/dev/null && \
	$(MAKE) -s
