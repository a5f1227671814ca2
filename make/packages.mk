# Installation from build/, and Debian packages for a suite: `make deb SUITE=trixie`.

PREFIX  ?= /usr/local
DESTDIR ?=
# Empty: as they are built, with debug information.
STRIP   ?= -s
SHARE    = $(DESTDIR)$(PREFIX)/share

SUITE    ?= bookworm
REVISION ?= 1
VERSION   = $(shell sed -n '/^\[workspace.package\]/,/^$$/s/^version = "\(.*\)"/\1/p' Cargo.toml)
DEBS      = $(TARGET)/packages

.PHONY: install deb test-packages
install: ## install what is in build/ (DESTDIR= PREFIX=/usr/local)
	install -D -m 644 $(STRIP) build/ngx_http_tokenban_module.so \
		$(DESTDIR)$(PREFIX)/lib/nginx/modules/ngx_http_tokenban_module.so
	install -D -m 755 $(STRIP) build/tokenban $(DESTDIR)$(PREFIX)/bin/tokenban
	install -d $(SHARE)/tokenban/rules $(SHARE)/tokenban/nginx $(SHARE)/tokenban/prometheus $(SHARE)/tokenban/grafana $(SHARE)/bash-completion/completions \
		$(SHARE)/fish/vendor_completions.d $(SHARE)/zsh/site-functions $(SHARE)/man/man1
	install -m 644 rules/* $(SHARE)/tokenban/rules/
	sed 's|@SHARE@|$(PREFIX)/share/tokenban|' packaging/nginx/denylist.conf > $(SHARE)/tokenban/nginx/denylist.conf
	install -m 644 packaging/nginx/log.conf $(SHARE)/tokenban/nginx/
	install -m 644 packaging/prometheus/alerts.yaml $(SHARE)/tokenban/prometheus/
	install -m 644 packaging/grafana/tokenban.json $(SHARE)/tokenban/grafana/
	build/tokenban man --all $(SHARE)/man/man1
	build/tokenban completions bash > $(SHARE)/bash-completion/completions/tokenban
	build/tokenban completions fish > $(SHARE)/fish/vendor_completions.d/tokenban.fish
	build/tokenban completions zsh > $(SHARE)/zsh/site-functions/_tokenban

# A suite as `apt` alone makes it: packages are assembled in one copy of it and tested in another.
$(DEBS)/%.tar: PACKAGES += mmdebstrap
$(DEBS)/%.tar: | setup
	@echo 'fetching Debian $*' && mkdir -p $(@D)
	@mmdebstrap --quiet --variant=apt --aptopt='Acquire::Check-Valid-Until "false"' $* $@ $(MIRROR)

deb: $(DEBS)/$(SUITE).tar ## make Debian packages, as root (SUITE=bookworm|trixie|sid REVISION=1)
	@$(MAKE) --no-print-directory build NGINX=$(SUITE)
	@rm -rf $(DEBS)/$(SUITE)/source && mkdir -p $(DEBS)/$(SUITE)/source
	@$(MAKE) --no-print-directory -s install DESTDIR=$(DEBS)/$(SUITE)/source/tree PREFIX=/usr STRIP=
	@packaging/deb.sh $(DEBS) $(SUITE) $(VERSION)-$(REVISION)

test-packages: ## make the packages of every suite and test them in clean ones, as root
	@for suite in $(SUITES); do for revision in 1 2; do \
	$(MAKE) --no-print-directory deb SUITE=$$suite REVISION=$$revision || exit 1; done; done
	@packaging/test.sh $(DEBS) $(VERSION) $(SUITES)
