#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
#
# What can be read without running it: style, and that doc/ is whole.

# bats file_tags=quick
# shellcheck source=tests/lib.bash
. "$BATS_TEST_DIRNAME/lib.bash"

check_shellcheck()
{
	local file

	cd "$TOP"
	# a command is found by its name, so they are named here
	{
		printf '#!/bin/bash\n# shellcheck source=run_tests.sh\n. ./run_tests.sh\n'
		for file in vm/commands/*.sh tests/check.sh; do
			printf '# shellcheck source=%s\n. "./%s"\n' "$file" "$file"
		done
	} >"$SCRATCH/all.sh"
	printf '%s\0' "$SCRATCH/all.sh" .ci/run "$VM_GUEST"/*.sh "$GUEST_TESTS"/*.sh tests/*.bats |
		xargs -0 -n 4 -P "$(nproc)" shellcheck -x
}

check_checkpatch()
{
	cd "$TOP"
	find Makefile Kconfig run_tests.sh vm tests io_uring_coherency ppc_barrier_test .ci \
		-type f ! -name '*.patch' \
		-printf 'tools/testing/selftests/io_uring_coherency/%p\0' >"$SCRATCH/files"
	cd "${KSELFTEST%/tools/testing/selftests}"
	# with a tree it asks get_maintainer.pl of each file, which takes as long as all else
	xargs -0 -n 8 -P "$(nproc)" perl scripts/checkpatch.pl --no-tree --strict --terse \
		--no-summary --max-line-length=100 -f <"$SCRATCH/files"
}

# README is two pages; doc/ has all options, edges, points and faults that there are, and README
# names each of its pages.
check_docs()
{
	local page program word

	cd "$TOP"
	[ "$(wc -l <README)" -le 150 ] || fail "README is longer than 150 lines"
	awk 'length > 100 { print FILENAME ", line " FNR ": longer than 100"; bad = 1 }
		END { exit bad }' README doc/*.md
	for page in doc/*.md; do
		grep -q "$page" README || fail "README does not name $page"
	done
	for program in live_registers page_integrity ring_order ring_complete kernel_order \
		barrier_ctl; do
		while read -r word; do
			grep -q -- "$word\b" "doc/$program.md" || fail "doc/$program.md: no $word"
		done < <("$HOST/$program" --help | grep -o -- '--[a-z][a-z-]*' | sort -u)
	done
	for program in ring_order ring_complete kernel_order barrier_ctl; do
		while read -r word; do
			grep -q "\b$word\b" "doc/$program.md" || fail "doc/$program.md: no $word"
		done < <({ "$HOST/$program" --list || true; } |
			grep -o '^[a-z]*_[a-z_]*[a-z]' | sed 's/_exit$//')
	done
	while read -r word; do
		grep -q -- "$word\b" doc/*.md || fail "doc/ has no $word"
	done < <(for word in $COMMANDS; do command_options "$word"; done | sort -u | sed 's/^/--/')
}

@test "shellcheck" { t check_shellcheck; }
@test "checkpatch" { t check_checkpatch; }
@test "docs" { t check_docs; }
