#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
#
# One of each is added to a copy by the words of doc/adding.md, and is there when it is built.

# shellcheck source=tests/lib.bash
. "$BATS_TEST_DIRNAME/lib.bash"

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

# The copy, its programs' sources, and where they are built.
adding_copy()
{
	at=$SCRATCH/copy room=$SCRATCH/copy/io_uring_coherency out=$SCRATCH/added
	rsync -a --exclude=/.git --exclude=/results "$TOP/" "$at/"
}

# adding_make PROGRAM... [VARIABLE=VALUE...]
adding_make()
{
	local word goals=()

	for word in "$@"; do
		[ "${word#*=}" != "$word" ] || word=$out/$word
		goals+=("$word")
	done
	(cd "$KSELFTEST" && make -C "$at" OUTPUT="$out" LABORATORY=y "${goals[@]}")
}

# What the detectors are asked, and what asks them.
check_adding()
{
	adding_copy
	adding_entry "RING_EDGE(" "$room/ring_order/ring_edges.h"
	adding_entry "RING_CASE(" "$room/ring_complete/ring_cases.h"
	printf '#include "complete_case.h"\nvoid case_again(struct complete_case *c) { %s; }\n' \
		'for (int i = 0; i < 20; i++) complete_good(c)' \
		>"$room/ring_complete/case_again.c"
	adding_entry "PBT_EDGE(" "$at/ppc_barrier_test/pbt_edges.h"
	adding_entry "ENGINE(" "$room/page_integrity/page_engines.h"
	adding_entry "VIEW(" "$room/page_integrity/page_views.h"
	adding_block "FIXTURE_VARIANT_ADD(worker" >"$SCRATCH/block"
	sed -i "/^FIXTURE_VARIANT_ADD(worker_creation, poll_wake_default_by_no_ipi)/{
		e cat $SCRATCH/block; echo
	}" "$room/live_registers/live_registers.c"
	adding_make live_registers page_integrity ring_order ring_complete kernel_order
	"$out/ring_order" --list | grep '^cqe_again'
	"$out/ring_complete" --case again | grep '^ok .*promise.again.is_kept'
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
	"$at/run_tests.sh" --help | grep '^  again  *results of several runs'
	[ "$("$at/run_tests.sh" again)" = again ]

	# a check
	{
		printf '. %s\n' "$TOP/tests/lib.bash"
		adding_block "check_again()"
		adding_block '@test "again"'
	} >"$SCRATCH/again.bats"
	bats_apart "$SCRATCH/again.bats" | grep '^ok 1 again'
}

# A register of the bank of x86-64, of which it was taken away, with the tests of banks.
check_adding_register()
{
	local table without

	[ "$(uname -m)" = x86_64 ] || skip "the page's example is of x86_64"
	adding_copy
	table=$room/live_registers/regs_x86_64_table.h
	sed -i '/^REG(r11, /d' "$table"
	adding_make regs_test
	without=$("$out/regs_test" | sed -n 's/^# all bits vary of \([0-9]*\) .*/\1/p')
	adding_entry "REG(" "$table"
	adding_make live_registers regs_test
	"$out/regs_test" | grep "^# all bits vary of $((without + 1)) "
	code_is 4 "$out/live_registers" --no-module -n 1 -t 0.2 --json "$SCRATCH/json"
	jq -e .control_changed_register "$SCRATCH/json"
}

# An architecture of which there is the least that links.
check_adding_architecture()
{
	adding_copy
	cp "$room"/live_registers/regs_{none,again}.c
	cp "$room"/page_integrity/page_vector_{none,again}.c
	adding_block "banks +=" >"$SCRATCH/block"
	sed -i "/^banks += ppc64/r $SCRATCH/block" "$room/programs.mk"
	adding_make machine=again live_registers page_integrity
	find "$out/objects" -name '*_again.c.o' | grep -c . | grep -x 2
	[ -z "$(find "$out/objects" -name '*_none.c.o')" ]
	code_is 4 "$out/live_registers" --no-module
	grep '^# no register bank for this architecture$' "$SCRATCH/out"
	"$out/page_integrity" --no-module --engine thread -t 0.3 || [ $? = 4 ]
}

# What the module has: an edge, a point and a plant; it builds, and programs know them.
check_adding_module()
{
	local TOP=$TOP module

	adding_copy
	module=$at/ppc_barrier_test
	adding_entry "PBT_EDGE(" "$module/pbt_edges.h"
	adding_entry "const struct pbt_litmus_edge pbt_edge_again" "$module/litmus_batch.c"
	adding_entry "PBT_POINT(" "$module/pbt_points.h"
	adding_block "[PBT_AGAIN] = ENTRY" | sed 's/^/\t/' >"$SCRATCH/block"
	sed -i "/^const struct pbt_probe_type pbt_point_types/r $SCRATCH/block" "$module/inject.c"
	adding_block "[PBT_AGAIN] = call" | sed 's/^/\t/' >"$SCRATCH/block"
	sed -i "/^static double (\*const calls/r $SCRATCH/block" "$room/module_test/knobs_calls.c"
	adding_entry "PBT_PLANT(" "$module/pbt_plants.h"
	adding_block "if (READ_ONCE(s->knobs.plants)" | sed 's/^/\t/' >"$SCRATCH/block"
	sed -i "/^void pbt_plant_kick/,/^{/{ /^{/r $SCRATCH/block
	}" "$module/plant.c"
	adding_entry "FIXTURE_VARIANT_ADD(notify" "$room/module_test/module_knobs.c"

	module_tree 6.1 x86_64
	TOP=$at
	module_make x86_64 "$KDIR" "$SCRATCH/module" W=1 KBUILD_MODPOST_WARN=1 \
		>"$SCRATCH/log" 2>&1 || fail "$(build_error "$SCRATCH/log")"
	! grep -E '[a-z_]+\.[ch]:[0-9]+:[0-9]+: (warning|error)' "$SCRATCH/log" || fail "warnings"
	nm "$SCRATCH/module/ppc_barrier_test.o" | grep ' pbt_edge_again$'
	adding_make barrier_ctl kernel_order module_knobs
	# a point and a fault, which each can be asked for, if not here
	{ "$out/barrier_ctl" --list || true; } | grep -c '^again ' | grep -x 2
	code_is 4 "$out/barrier_ctl" --at again=mb --plant again -- true
	"$out/kernel_order" --list | grep '^again'
	grep -qa planted_again_default_ring "$out/module_knobs"
	COMMAND=vm kernel_check source:6.1^again
}

# A bad kernel, of which mutants would ask what its header says.
check_adding_mutant()
{
	local TOP=$TOP patch chosen edge

	adding_copy
	patch=$at/vm/patches/again.patch
	{
		printf 'Known-bad kernel: again.\n\n'
		adding_block "Detector:"
		echo
		sed -n '/^--- /,$p' "$TOP/vm/patches/set-current-state-without-mb.patch"
	} >"$patch"
	TOP=$at OPT_TESTS='^again$'
	# shellcheck source=vm/commands/mutants.sh
	. "$at/vm/commands/mutants.sh"
	chosen=$(mutants_chosen)
	[ "$chosen" = "again source:6.1+again $patch" ]
	mutants_headers <<<"$chosen"
	[ "$(mutant_asked source:6.1 "$patch")" = \
		"kernel_order -t 3 --edge set_current_state,sleep_wake" ]
	for edge in $(mutant_named kernel_order "$patch"); do
		"$HOST/kernel_order" --list | grep "^$edge\b"
	done
	COMMAND=vm kernel_check source:6.1+again
	sed -i 's/^Detector: /&again_/' "$patch"
	! (mutants_headers <<<"$chosen") || fail "a detector that there is not"
}

# bats test_tags=quick
@test "adding" { t check_adding; }
# bats test_tags=quick
@test "adding-register" { t check_adding_register; }
@test "adding-architecture" { t check_adding_architecture; }
@test "adding-module" { t check_adding_module; }
# bats test_tags=quick
@test "adding-mutant" { t check_adding_mutant; }
