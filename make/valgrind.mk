# Memory errors: tests of t/ with an NGINX that runs under Valgrind.

# Each starts NGINX with the module; those of reloads and bodies hold requests over several of its events.
UNDER_VALGRIND = cases reload bodies body_policies
# These measure the memory of a process, which is that of Valgrind here.
NOT_UNDER_VALGRIND = a_large_body_takes_no_memory two_hundred_reloads_do_not_grow_the_master

.PHONY: valgrind
valgrind: PACKAGES += valgrind
valgrind: configure $(TARGET)/clients/installed ## the cases, reloads and bodies under Valgrind (UNDER_VALGRIND="cases")
	$(call build_module,debug)
	@rm -rf $(TARGET)/valgrind && mkdir -p $(TARGET)/valgrind
	VALGRIND_LOGS=$(TARGET)/valgrind VALGRIND_NGINX=$(NGINX_DIR)/nginx \
		$(TOLD) TOKENBAN_NGINX=$(CURDIR)/make/valgrind.sh \
		$(CARGO) test --package tokenban-tests $(UNDER_VALGRIND:%=--test %) -- \
		--test-threads 2 $(NOT_UNDER_VALGRIND:%=--skip %)
	@make/valgrind.sh report $(TARGET)/valgrind
