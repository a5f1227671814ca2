# tokenban: build, test and lint. `make help` lists the targets, make/ has them.
#
# NGINX=vendored (default) builds NGINX 1.28 from the crate nginx-src; NGINX=system builds the
# module for Debian's own package. Both can be built side by side.

CARGO ?= cargo
NGINX ?= vendored
# NGINX itself would take a variable of this name for sockets to inherit.
unexport NGINX

.PHONY: help
help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14
	@echo 'With NGINX=system: the same for the NGINX of the Debian packages.'

include make/setup.mk
include make/nginx.mk
include make/build.mk
include make/test.mk
include make/differential.mk
include make/bench.mk
