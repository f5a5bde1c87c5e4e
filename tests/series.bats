#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
#
# The series for a kernel tree: made, applied, built at each of its patches.

# shellcheck source=tests/lib.bash
. "$BATS_TEST_DIRNAME/lib.bash"

IN_TREE=tools/testing/selftests/io_uring_coherency
SERIES_CHANGES="MAINTAINERS Kbuild lib/Kconfig.debug tools/testing/selftests/Makefile"

# As somebody whom git knows, and who has a configuration that would change patches.
series_home()
{
	export HOME=$SCRATCH/home XDG_CACHE_HOME=${CACHE%/io_uring_coherency}
	mkdir -p "$HOME"
	git config --global user.name "A. Developer"
	git config --global user.email "developer@example.org"
	git config --global diff.noprefix true
	git config --global format.pretty oneline
	git config --global init.defaultBranch main
}

# series_made TREE: the series for it in $SCRATCH/patches; what was said in $SCRATCH/out.
series_made()
{
	code_is 0 "$TOP/run_tests.sh" series --tree "$1" -o "$SCRATCH/patches"
	grep "^patches: [0-9]*, of [0-9]* lines, in $SCRATCH/patches, for Linux [1-9]" \
		"$SCRATCH/out"
}

# A tree of links to Debian's, with files of its own where the series changes it, in a repository
# that has those. Sets TREE.
series_tree_of_links()
{
	kernel_source "source:$1"
	kselftest_in_tree "$SOURCE_TREE"
	TREE=${KSELFTEST%/tools/testing/selftests}
	rm "$TREE/lib"
	mkdir "$TREE/lib"
	ln -s "$SOURCE_TREE"/lib/* "$TREE/lib/"
	series_repository
}

# A whole tree, of hard links. Sets TREE.
series_tree_whole()
{
	kernel_source "source:$1"
	TREE=$SCRATCH/tree
	cp -al "$SOURCE_TREE" "$TREE"
	rm -rf "${TREE:?}/$IN_TREE"
	series_repository
}

series_repository()
{
	local file

	# Debian's ignore all files
	rm "$TREE"/.gitattributes "$TREE"/.gitignore
	for file in $SERIES_CHANGES; do
		rm "$TREE/$file"
		cp "$SOURCE_TREE/$file" "$TREE/$file"
	done
	git -C "$TREE" init -q
	# shellcheck disable=SC2086 # words
	git -C "$TREE" add $SERIES_CHANGES
	git -C "$TREE" commit -q -m base
	git -C "$TREE" tag base
}

# series_applied CHECK: each patch by git am, and then CHECK, which is told the patch.
series_applied()
{
	local patch

	for patch in "$SCRATCH"/patches/*.patch; do
		[ "${patch##*/}" != 0000-cover-letter.patch ] || continue
		git -C "$TREE" am -q "$patch" || fail "${patch##*/} does not apply"
		"$1" "$patch"
	done
	[ -z "$(git -C "$TREE" status --porcelain -uno)" ]
}

# series_builds PATCH: quietly, and what is built is in .gitignore; then programs is what it adds.
series_builds()
{
	local out=$SCRATCH/o/kselftest/io_uring_coherency log=$SCRATCH/make.log name

	touch "$SCRATCH/before"
	make -C "$TREE/tools/testing/selftests" TARGETS=io_uring_coherency O="$SCRATCH/o" \
		>"$log" 2>&1 || {
		cat "$log"
		fail "${1##*/} does not build"
	}
	! grep -E 'warning|Warning:|\[-W' "$log" || fail "${1##*/} builds with warnings"
	programs=()
	while read -r name; do
		grep -qx "/$name" "$TREE/$IN_TREE/.gitignore" ||
			fail "${1##*/}: .gitignore has no $name"
		! grep -q "^+[a-z]* += $name\$" "$1" || programs+=("$name")
	done < <(find "$out" -maxdepth 1 -type f -executable -printf '%f\n')
	say "${1##*/}: ${programs[*]}"
}

# The same, and what it adds passes, or skips with a reason. Short, as it is not this kernel that is
# asked.
series_passes()
{
	local programs name code args

	series_builds "$1"
	for name in "${programs[@]}"; do
		case $name in
		barrier_ctl | module_storm) continue ;;
		live_registers) args="-t 10 -n 100" ;;
		page_integrity) args="-t 0.3" ;;
		ring_order | kernel_order) args="-t 0.2" ;;
		ring_complete) args="-t 0.2 --case links" ;;
		*) args= ;;
		esac
		code=0
		# shellcheck disable=SC2086 # words
		"$SCRATCH/o/kselftest/io_uring_coherency/$name" $args >"$SCRATCH/ktap" || code=$?
		if [ $code != 0 ] && [ $code != 4 ] || grep -q '^not ok' "$SCRATCH/ktap"; then
			cat "$SCRATCH/ktap"
			fail "${1##*/}: $name ends with $code"
		fi
	done
}

# series_style PATCH...: checkpatch finds nothing in each.
series_style()
{
	(cd "$SOURCE_TREE" && nice perl scripts/checkpatch.pl --strict --show-types "$@") \
		>"$SCRATCH/style" || {
		grep -A 5 -E '^(ERROR|WARNING|CHECK):' "$SCRATCH/style"
		fail "checkpatch finds something"
	}
	[ "$(grep -c '^total: 0 errors, 0 warnings, 0 checks, ' "$SCRATCH/style")" = $# ]
}

# What is in the tree: all that belongs there, as it is here, and nothing of the laboratory.
series_is_ours()
{
	local at=$TREE/$IN_TREE file

	(cd "$at" && git ls-files) | sort >"$SCRATCH/there"
	while read -r file; do
		case $file in
		Makefile | .gitignore | README | config) ;;
		Kconfig | settings | io_uring_coherency/* | ppc_barrier_test/*)
			cmp "$at/$file" "$TOP/$file"
			;;
		*) fail "$file is in the tree" ;;
		esac
	done <"$SCRATCH/there"
	(cd "$TOP" && find Kconfig settings io_uring_coherency ppc_barrier_test -type f \
		\( -name '*.[chS]' -o -name '*.mk' -o -name '*.litmus' -o -name Makefile -o \
		-name Kconfig -o -name settings \) ! -name '*.mod.c') >"$SCRATCH/here"
	sort "$SCRATCH/here" | comm -23 - "$SCRATCH/there" >"$SCRATCH/missing"
	[ ! -s "$SCRATCH/missing" ] || fail "not in the tree: $(paste -sd ' ' "$SCRATCH/missing")"
	! (cd "$at" && git grep -nE -e 'run_tests\.sh|LABORATORY|\.md\b' \
		-e '(^|[^[:alnum:]_/])(vm|doc|tests)/') ||
		fail "it names what is not in the tree"
	grep -q '^include ../lib.mk$' "$at/Makefile"
	# nobody has to be told where it is maintained
	[ "$(sed -n '/^IO_URING COHERENCY/,/^$/s/^F:\t//p' "$TREE/MAINTAINERS")" = "$IN_TREE/" ]
	[ "$(sed -n '/^IO_URING COHERENCY/,/^$/s/^M:\t//p' "$TREE/MAINTAINERS")" = \
		"A. Developer <developer@example.org>" ]
}

# Mails that a list takes, with all that is theirs.
series_is_mail()
{
	local patch cover=$SCRATCH/patches/0000-cover-letter.patch n

	for patch in "$SCRATCH"/patches/*.patch; do
		[ "$(wc -c <"$patch")" -lt 100000 ] || fail "${patch##*/} is longer than lists take"
		[ "${patch##*/}" = "${cover##*/}" ] ||
			grep -qx 'Signed-off-by: A. Developer <developer@example.org>' "$patch" ||
			fail "${patch##*/} is not signed"
	done
	n=$(find "$SCRATCH/patches" -maxdepth 1 -name '*.patch' | wc -l)
	grep "^Subject: \[PATCH 00/$((n - 1))\] [a-z]" "$cover"
	! grep -E '^@|\*\*\*' "$cover" || fail "the cover letter is not filled in"
	# the figures are those of the pages
	grep -oE '[0-9]+ ms, 1 event, 200 of 200' "$TOP/doc/live_registers.md" |
		while read -r n; do
			grep -qF "$n" "$cover"
		done
	grep "$(sed -n 's/^    rate (95 %)  *\([^ ]*\) .*/\1/p' "$TOP/README")" "$cover"
}

check_series()
{
	local programs

	series_home
	series_tree_of_links 6.1
	series_made "$SOURCE_TREE"
	series_is_mail
	mv "$SCRATCH/patches" "$SCRATCH/first"
	series_made "$SOURCE_TREE"
	diff -r "$SCRATCH/first" "$SCRATCH/patches" || fail "the same input makes other patches"
	series_applied series_builds
	series_is_ours
	# code is asked by the test checkpatch
	git -C "$TREE" -c diff.noprefix=false -c format.pretty= format-patch -q \
		-o "$SCRATCH/style-of" base -- . ':!*.c' ':!*.h' ':!*.S' ':!*.litmus'
	[ "$(find "$SCRATCH/style-of" -type f | wc -l)" = \
		"$(git -C "$TREE" rev-list --count base..)" ]
	series_style "$SCRATCH"/style-of/*.patch
}

# What CI on kernel trees does with it. check_series_tree VERSION
check_series_tree()
{
	local programs

	series_home
	series_tree_whole "$1"
	series_made "$SOURCE_TREE"
	series_applied series_passes
	series_is_ours
	series_style "$SCRATCH"/patches/0*[1-9]-*.patch "$SCRATCH"/patches/0*[1-9]0-*.patch
	series_kselftest_all "$SCRATCH/absolute" "$SCRATCH/absolute"
	series_kselftest_all relative "$TREE/relative"
	series_packed
	series_cleaned
	series_clang
	series_unbuilt
	series_merged
}

# series_kselftest_all O WHERE: by the kernel's own Makefile, with O= as it is given.
series_kselftest_all()
{
	make -C "$TREE" O="$1" defconfig >"$SCRATCH/log" 2>&1
	make -C "$TREE" O="$1" TARGETS=io_uring_coherency kselftest-all
	[ -x "$2/kselftest/io_uring_coherency/live_registers" ] || fail "O=$1: nothing is there"
}

# Installed and packed, also with a relative O=, it runs where it is unpacked.
series_packed()
{
	local at=$TREE/tools/testing/selftests

	make -C "$at" TARGETS=io_uring_coherency O="$SCRATCH/absolute" \
		INSTALL_PATH="$SCRATCH/installed" install
	make -C "$TREE/tools/testing/selftests" TARGETS=io_uring_coherency O=relative gen_tar
	mkdir "$SCRATCH/unpacked"
	tar -C "$SCRATCH/unpacked" -xf "$(find "$TREE" -name 'kselftest.tar*')"
	diff "$SCRATCH/installed/kselftest-list.txt" "$SCRATCH/unpacked/kselftest-list.txt"
	[ "$(grep -c '^io_uring_coherency:' "$SCRATCH/unpacked/kselftest-list.txt")" = 7 ]
	(cd "$SCRATCH/unpacked" && ./run_kselftest.sh -t io_uring_coherency:module_offload) |
		grep -E '^ok 1 selftests: io_uring_coherency: module_offload'
}

# In the tree itself, too, and nothing is left after that.
series_cleaned()
{
	local at=$TREE/tools/testing/selftests

	rm -rf "$TREE/relative" "$at/relative"
	(cd "$at" && find . | sort) >"$SCRATCH/was"
	make -C "$at" TARGETS=io_uring_coherency
	[ -x "$TREE/$IN_TREE/live_registers" ]
	[ -z "$(git -C "$TREE" status --porcelain "$IN_TREE")" ] ||
		fail ".gitignore lacks something"
	make -C "$at" TARGETS=io_uring_coherency clean
	(cd "$at" && find . | sort) | diff "$SCRATCH/was" - || fail "clean leaves something"
}

series_clang()
{
	make -C "$TREE/tools/testing/selftests" TARGETS=io_uring_coherency O="$SCRATCH/clang" LLVM=1
	readelf -p .comment "$SCRATCH/clang/kselftest/io_uring_coherency/live_registers" |
		grep clang
}

# A kernel that is configured and was never built, as CI has it: the module is not, and it is told.
series_unbuilt()
{
	mkdir "$SCRATCH/unbuilt"
	make -C "$TREE" O="$SCRATCH/unbuilt" defconfig >"$SCRATCH/log" 2>&1
	make -C "$TREE/tools/testing/selftests" TARGETS=io_uring_coherency O="$SCRATCH/no-module" \
		KDIR="$SCRATCH/unbuilt" >"$SCRATCH/log" 2>&1
	grep 'ppc_barrier_test.ko does not build in .*, tests that need it will skip' "$SCRATCH/log"
}

# What "config" asks for, a kernel has then, the module among it.
series_merged()
{
	local line

	make -C "$TREE" O="$SCRATCH/unbuilt" kselftest-merge >"$SCRATCH/log" 2>&1
	while read -r line; do
		grep -q "^${line%=*}=[ym]\$" "$SCRATCH/unbuilt/.config" || fail "no $line"
	done <"$TREE/$IN_TREE/config"
	grep '^CONFIG_TEST_PPC_BARRIER=m$' "$SCRATCH/unbuilt/.config"
}

check_series_refused()
{
	local me=$TOP/run_tests.sh tree

	series_home
	kernel_source source:6.1
	tree=$SOURCE_TREE
	mkdir -p "$SCRATCH/full" "$SCRATCH/empty" "$SCRATCH/made"
	touch "$SCRATCH/full/something" "$SCRATCH/file"
	refused 2 "series needs -o DIR" "$me" series
	refused 2 "needs a value" "$me" series -o
	refused 2 "series has no option --kernel" "$me" series --kernel distro
	refused 2 "/full is not empty" "$me" series --tree "$tree" -o "$SCRATCH/full"
	refused 2 "/file is not a directory" "$me" series --tree "$tree" -o "$SCRATCH/file"
	refused 2 "there is no directory /nowhere" "$me" series --tree "$tree" -o /nowhere/dir
	refused 4 "cannot write to /proc\$" "$me" series --tree "$tree" -o /proc/made
	refused 2 "/nowhere is not a kernel tree" "$me" series --tree /nowhere -o "$SCRATCH/dir"
	refused 2 "/empty is not a kernel tree" "$me" series --tree "$SCRATCH/empty" \
		-o "$SCRATCH/dir"
	refused 4 "git does not know who signs" env HOME="$SCRATCH/empty" "$me" series \
		--tree "$tree" -o "$SCRATCH/dir"
	[ ! -e "$SCRATCH/dir" ] || fail "something is left"
	# a tree that has it already
	series_tree_of_links 6.1
	sed -i 's/^TARGETS += ipc$/TARGETS += io_uring_coherency\n&/' \
		"$TREE/tools/testing/selftests/Makefile"
	refused 2 "has this directory already: tools/testing/selftests/Makefile names it" \
		"$me" series --tree "$TREE" -o "$SCRATCH/dir"
	rm "$TREE/Kbuild"
	refused 2 "is not a kernel tree" "$me" series --tree "$TREE" -o "$SCRATCH/dir"
	[ ! -e "$SCRATCH/dir" ] || fail "something is left"
	[ "$(id -u)" = 0 ] || skip "needs root to mount a small file system"
	unshare -m mount -t tmpfs none "$SCRATCH/made" 2>/dev/null || skip "cannot mount here"
	# shellcheck disable=SC2016 # expanded by the inner shell
	refused 4 "no space: .* has [0-9]* MiB free" unshare -m sh -c \
		'mount -t tmpfs -o size=8m none "$0" && exec "$@" "$0/dir"' "$SCRATCH/made" \
		"$me" series --tree "$tree" -o
}

# bats test_tags=quick
@test "series" { t check_series; }
# bats test_tags=quick
@test "series-refused" { t check_series_refused; }
# bats test_tags=long
@test "series-6.1" { t check_series_tree 6.1; }
# bats test_tags=long
@test "series-6.12" { t check_series_tree 6.12; }
# bats test_tags=long
@test "series-mainline" { t check_series_tree mainline; }
