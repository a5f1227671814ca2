# NGINX of Debian's suites: its binary, with the libraries that it was built for, and its headers.
# Fetched from the mirror that apt uses and unpacked; nothing of it is installed.

UNPACKED = $(TARGET)/suites

$(UNPACKED)/%/nginx: PACKAGES += mmdebstrap
$(UNPACKED)/%/nginx: | setup
	@echo 'fetching NGINX of Debian $*'
	@rm -rf $(@D) && mkdir -p $(@D)
	@mmdebstrap --quiet --variant=extract --include=nginx,nginx-dev \
		--aptopt='Acquire::Check-Valid-Until "false"' $* $(@D) $(MIRROR)
	@cd $(@D) && rm -rf bin boot dev etc lib lib32 lib64 root sbin tmp usr/bin usr/include usr/libexec usr/lib/gcc var
	@printf '#!/bin/sh\nexec $$(ls $(@D)/usr/lib/*/ld-linux-*) --argv0 "$$0" --library-path $(@D)/usr/lib/%s %s "$$@"\n' \
		$$(gcc -dumpmachine) $(@D)/usr/sbin/nginx > $@ && chmod +x $@

# The first archive that is no archive of security updates, which hold few packages.
MIRROR = $$(apt-get indextargets --format '$$(REPO_URI)' 'Created-By: Packages' | grep -v security | head -n 1)
