#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
#
# What can be read without running it: style, and that doc/ is whole.

# bats file_tags=quick
# shellcheck source=tests/lib.bash
. "$BATS_TEST_DIRNAME/lib.bash"

# types of checkpatch that assume the kernel's own headers, or one version of the kernel: compat.h
CHECKPATCH_IGNORE=BIT_MACRO,PREFER_DEFINED_ATTRIBUTE_MACRO,ENOSYS
CHECKPATCH_IGNORE+=,LINUX_VERSION_CODE,CONSTANT_COMPARISON

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
		--no-summary --max-line-length=100 --ignore "$CHECKPATCH_IGNORE" \
		-f <"$SCRATCH/files"
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
	for program in live_registers page_integrity ring_order kernel_order barrier_ctl; do
		while read -r word; do
			grep -q -- "$word\b" "doc/$program.md" || fail "doc/$program.md: no $word"
		done < <("$HOST/$program" --help | grep -o -- '--[a-z][a-z-]*' | sort -u)
	done
	for program in ring_order kernel_order barrier_ctl; do
		while read -r word; do
			grep -q "\b$word\b" "doc/$program.md" || fail "doc/$program.md: no $word"
		done < <({ "$HOST/$program" --list || true; } |
			grep -o '^[a-z]*_[a-z_]*[a-z]' | sed 's/_exit$//')
	done
	while read -r word; do
		grep -q -- "$word\b" doc/*.md || fail "doc/ has no $word"
	done < <(for word in $COMMANDS; do command_options "$word"; done | sort -u | sed 's/^/--/')
}

# adding_block WORD: the code of doc/adding.md that begins so, up to a blank line.
adding_block()
{
	awk -v word="$1" 'index($0, "            " word) == 1 { on = 1 } !NF { on = 0 }
		on { sub(/^            /, ""); print }' "$TOP/doc/adding.md" | unexpand -t 8 \
		--first-only | grep .
}

# adding_entry WORD FILE: that code, before the file's last #undef, or else at its end.
adding_entry()
{
	local last

	adding_block "$1" >"$SCRATCH/block"
	last=$(sed -n '/^#undef/=' "$2" | tail -n 1)
	if [ -n "$last" ]; then
		sed -i "$((last - 1))r $SCRATCH/block" "$2"
	else
		cat "$SCRATCH/block" >>"$2"
	fi
}

# One of each is added to a copy by the words of doc/adding.md, and is there when it is built.
check_adding()
{
	local at=$SCRATCH/copy room=$SCRATCH/copy/io_uring_coherency out=$SCRATCH/added

	rsync -a --exclude=/.git --exclude=/results "$TOP/" "$at/"
	adding_entry "RING_EDGE(" "$room/ring_order/ring_edges.h"
	adding_entry "PBT_EDGE(" "$at/ppc_barrier_test/pbt_edges.h"
	adding_entry "ENGINE(" "$room/page_integrity/page_engines.h"
	adding_entry "VIEW(" "$room/page_integrity/page_views.h"
	adding_block "FIXTURE_VARIANT_ADD(worker" >"$SCRATCH/block"
	sed -i "/^FIXTURE_VARIANT_ADD(worker_creation, poll_wake_default_by_no_ipi)/{
		e cat $SCRATCH/block; echo
	}" "$room/live_registers/live_registers.c"
	(cd "$KSELFTEST" && make -C "$at" OUTPUT="$out" "$out"/{live_registers,page_integrity} \
		"$out"/{ring_order,kernel_order})
	"$out/ring_order" --list | grep '^cqe_again'
	"$out/kernel_order" --list | grep '^again'
	"$out/page_integrity" --help | grep -w again
	needs_ring poll_wake_default
	"$out/page_integrity" --no-module --engine again -t 0.3 --json "$SCRATCH/json" \
		>"$SCRATCH/out" || [ $? = 4 ]
	jq -e '.variants[] | select(.name == "again") | .events > 0' "$SCRATCH/json"
	# nobody looks in that view yet
	grep '^# *nothing could be looked at in: again' "$SCRATCH/out"
	"$out/live_registers" --no-module --only poll_wake_default_by_signal -t 0.3 || [ $? = 4 ]

	# a command, by the lines that are shown of merge
	{
		adding_block COMMAND_SUMMARY=
		printf 'run_again()\n{\n\tsay "again"\n}\n'
	} >"$at/vm/commands/again.sh"
	sed -i 's/^COMMANDS="/&again /' "$at/vm/lib/options.sh"
	"$at/run_tests.sh" --help | grep '^  again  *results.json of several runs'
	[ "$("$at/run_tests.sh" again)" = again ]

	# a check
	{
		printf '. %s\n' "$TOP/tests/lib.bash"
		adding_block "check_again()"
		adding_block '@test "again"'
	} >"$SCRATCH/again.bats"
	(cd "$SCRATCH" && env -i PATH=/usr/bin:/bin TMPDIR="$SCRATCH" CHECK_PID="$CHECK_PID" \
		CHECK_SHARED="$SCRATCH" CHECK_HOST="$HOST" CHECK_TIMEOUT=60 \
		CHECK_KSELFTEST="$KSELFTEST" CHECK_INSTALL=no CHECK_TESTS=. CHECK_LONG='' \
		CHECK_END='' bats again.bats) | grep '^ok 1 again'
}

@test "shellcheck" { t check_shellcheck; }
@test "checkpatch" { t check_checkpatch; }
@test "docs" { t check_docs; }
@test "adding" { t check_adding; }
