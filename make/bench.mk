# Benchmarks and fuzzing.

PEERS = nginx nginx-dev libnginx-mod-http-lua libnginx-mod-http-modsecurity time valgrind wrk

.PHONY: bench bench-engine fuzz worst
# Debian's NGINX, so that its modules for Lua and ModSecurity can take part.
bench: ## compare with bare NGINX and other ways to deny tokens (BENCH="--rounds 3 rules")
ifeq ($(filter worst,$(MAKECMDGOALS)),)
	@$(MAKE) build NGINX=system PACKAGES='$(PACKAGES) $(PEERS)'
	python3 -B bench/bench.py --module build/ngx_http_tokenban_module.so --tokenban build/tokenban \
		--work $(TARGET)/bench $(BENCH)
endif

worst: ## what the worst requests cost a worker (also: make bench worst)
	$(CARGO) bench -p tokenban-engine --bench worst

bench-engine: ## time the engine alone
	$(CARGO) bench -p tokenban-engine --bench denylist --bench matcher --bench parsers --bench points

# An input that fails is left in fuzz/artifacts/: it belongs into fuzz/regressions/, with the mending.
fuzz: ## fuzz each target for a while (SECONDS=60 each); needs Rust's nightly
	@$(CARGO) fuzz --version >/dev/null 2>&1 || { echo "installing cargo-fuzz"; \
	$(CARGO) install --locked cargo-fuzz; }
	@for target in points request rules; do mkdir -p fuzz/corpus/$$target; \
	$(CARGO) +nightly fuzz run $$target fuzz/corpus/$$target fuzz/seeds/$$target \
		fuzz/regressions/$$target -- -max_total_time=$(or $(SECONDS),60) -timeout=10 \
		-max_len=4096 -dict=fuzz/request.dict || exit 1; done

