# Rules for the Makefile of NGINX. Cargo itself looks at what has changed.

cat << END                                                    >> $NGX_MAKEFILE

.PHONY: $tokenban_archive

$tokenban_archive:
	NGINX_SOURCE_DIR="$PWD" NGINX_BUILD_DIR="$tokenban_objs" \\
	$tokenban_cargo rustc --manifest-path $ngx_addon_dir/Cargo.toml \\
		--package ngx_http_tokenban_module --lib --crate-type staticlib \\
		--no-default-features --profile $tokenban_profile \\
		--target-dir $tokenban_target
END

if [ -n "$tokenban_needed_by" ]; then
    cat << END                                                >> $NGX_MAKEFILE

$tokenban_needed_by: $tokenban_archive
END
fi
