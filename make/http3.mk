# The test of HTTP/3, for every NGINX that has it.

.PHONY: test-http3
test-http3: PACKAGES += openssl python3-venv
test-http3: configure $(TARGET)/clients/installed ## ask over HTTP/3, where NGINX has it
	$(call build_module,debug)
	@$(ask_over_http3)

define ask_over_http3
	if $(NGINX_DIR)/nginx -V 2>&1 | grep -q with-http_v3_module; then \
	$(TOLD) $(CARGO) test --package tokenban-tests --test http3 -- --ignored; \
	else echo 'HTTP/3 is not tested: NGINX=$(NGINX) was built without it'; fi
endef
