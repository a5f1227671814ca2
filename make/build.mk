# The module, the command and NGINX in build/, and demonstrations that run them.

.PHONY: build run run-denylist
build: configure ## build the module, the command and NGINX into build/
	$(CARGO) build --release --workspace $(FLAGS)
	@mkdir -p build/temp
	@ln -sf $(OUT)/release/libngx_http_tokenban_module.so build/ngx_http_tokenban_module.so
	@ln -sf $(OUT)/release/tokenban build/tokenban
	@ln -sf $(or $(TOKENBAN_NGINX),$$(ls -t $(OUT)/release/build/nginx-sys-*/out/objs/nginx | head -n 1)) \
		build/nginx

run: build ## start a demonstration in the foreground
	@echo "denied:  curl -i -H 'Authorization: Bearer leaked-demo-token-0123456789' http://127.0.0.1:8081/"
	@echo "clean:   curl -i -H 'Authorization: Bearer another-demo-token-987654321' http://127.0.0.1:8081/"
	@build/nginx -e stderr -p nginx-conf/ -c minimal.conf

run-denylist: build ## the same with a store: ban a token while NGINX runs
	@test -e build/store || build/tokenban init --store build/store --group $$(id -gn) >/dev/null
	@echo "Passes, until the token is banned; denied then, at once and in every spelling:"
	@echo "  curl -i -H 'Authorization: Bearer leaked-demo-token-0123456789' http://127.0.0.1:8081/"
	@echo "  curl -i -b 'session=\"%6ceaked-demo-token-0123456789\"' http://127.0.0.1:8081/"
	@echo "Ban it, and let it pass again:"
	@echo "  printf %s leaked-demo-token-0123456789 | build/tokenban ban --store build/store --list leaked --reason INC-42"
	@echo "  printf %s leaked-demo-token-0123456789 | build/tokenban unban --store build/store --list leaked"
	@build/nginx -e stderr -p nginx-conf/ -c denylist.conf $(AS_ROOT)

# The demonstration's store belongs to who runs it; so do its workers, then.
AS_ROOT = $(if $(filter 0,$(shell id -u)),-g 'user root;')
