# tokenban: build, test and lint. `make help` lists the targets, make/ has them.

CARGO ?= cargo
# vendored, system, a suite of Debian, or with NGINX_SOURCE=DIR any source tree: see make/nginx.mk.
NGINX ?= $(if $(NGINX_SOURCE),source,vendored)
# NGINX itself would take a variable of this name for sockets to inherit.
unexport NGINX

.PHONY: help
help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14
	@echo
	@echo 'The NGINX that build, run, test and check are for:'
	@echo '  NGINX=vendored       NGINX 1.28 from the crate nginx-src (default)'
	@echo '  NGINX=system         the NGINX of the installed Debian packages'
	@echo '  NGINX=$(firstword $(SUITES))       that of a suite of Debian: $(SUITES)'
	@echo '  NGINX_SOURCE=DIR     any source tree; NGINX_CONFIGURE="--with-…" adds to its configuration'

include make/setup.mk
include make/nginx.mk
include make/suites.mk
include make/build.mk
include make/http3.mk
include make/test.mk
include make/valgrind.mk
include make/differential.mk
include make/nginx-tests.mk
include make/configure.mk
include make/packages.mk
include make/bench.mk
