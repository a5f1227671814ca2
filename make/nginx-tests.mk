# NGINX's own tests, https://github.com/nginx/nginx-tests: with the module they end as without it.

TESTS_OF_NGINX = perl libio-socket-ssl-perl libcryptx-perl libfcgi-perl libscgi-perl libgd-perl \
	libcache-memcached-perl libprotocol-websocket-perl memcached

.PHONY: nginx-tests
nginx-tests: PACKAGES += $(TESTS_OF_NGINX)
nginx-tests: configure ## compare NGINX's own tests, bare and with the module (NGINX_TESTS=DIR, JOBS=2)
	$(call build_module,debug)
	$(CARGO) build --package tokenban
	@make/nginx-tests.sh '$(NGINX_TESTS)' $(NGINX_DIR)/nginx \
		$(NGINX_DIR)/debug/ngx_http_tokenban_module.so $(TARGET)/debug/tokenban $(or $(JOBS),2)
