# The module, the command and NGINX in build/, and demonstrations that run them.

# Programs beside the module, by package; none depends on NGINX.
COMMANDS += tokenban

PORT ?= 8081

.PHONY: build run run-denylist
build: configure ## build the module, the command and NGINX into build/
	$(CARGO) build --release $(COMMANDS:%=--package %)
	$(call build_module,release,--release)
	@mkdir -p build/temp build/$(notdir $(NGINX_DIR))
	@for command in $(COMMANDS); do ln -sf $(TARGET)/release/$$command build/$$command; done
	@ln -sf $(NGINX_DIR)/release/ngx_http_tokenban_module.so $(NGINX_DIR)/nginx build/$(notdir $(NGINX_DIR))/
	@$(say_change)
	@cp -P build/$(notdir $(NGINX_DIR))/* build/

# build/ has what was built last, build/NAME what was built for an NGINX.
define say_change
	was=$$(readlink build/nginx | sed 's|.*/nginx/||; s|/.*||'); now=$(notdir $(NGINX_DIR)); \
	[ -z "$$was" ] || [ "$$was" = "$$now" ] || \
	echo "build/ is for NGINX=$$now now; that for $$was is in build/$$was"
endef

run: free build ## start a demonstration in the foreground (PORT=8081)
	@make/demo.sh minimal $(PORT)

run-denylist: free build ## the same with a store: ban a token while NGINX runs
	@make/demo.sh denylist $(PORT)

.PHONY: free
free:
	@make/demo.sh free $(PORT)
