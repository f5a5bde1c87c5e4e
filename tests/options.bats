#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
#
# Options and help, of run_tests.sh and of the programs.

# bats file_tags=quick
# shellcheck source=tests/lib.bash
. "$BATS_TEST_DIRNAME/lib.bash"

# Each command has its own options; what it would ignore is wrong usage.
check_options_of_commands()
{
	local me=$TOP/run_tests.sh given command

	for given in "host --base junk" "host --arch ppc64" "vm --quick" \
		"validate --kernel image:/nonsense" "validate --seed 1" "vm --fixed source:6.1" \
		"claims --kernel distro" "claims --repeat 1" "merge --arch ppc64" \
		"mutants --base distro" "mutants --quick" "check --arch ppc64" "check --keep" \
		"bench --base distro" "mariadb --tests x" "vm --tree ." "series --base distro"; do
		command=${given%% *}
		# shellcheck disable=SC2086 # words
		refused 2 "^run_tests.sh: $command has no option --" "$me" $given
	done
	refused 255 "bisect-step has no option --kernel" "$me" bisect-step --kernel distro
	refused 2 "no --smp" "$me" mariadb --native --smp 2
	refused 2 "'--kernel' is not a command" "$me" --kernel distro
}

# Help: the commands, each with a line; and of each command its options, just these, and what they
# mean. Without a command nothing is run, and that is no success.
check_help()
{
	local me=$TOP/run_tests.sh name

	code_is 0 "$me" --help
	cp "$SCRATCH/out" "$SCRATCH/help"
	for name in $COMMANDS; do
		grep -E "^  $name +[^ ]+.* .*[^ ]" "$SCRATCH/help"
		code_is 0 "$me" "$name" --help
		grep "^usage: run_tests.sh $name" "$SCRATCH/out"
		grep '^Exit code: 0 ' "$SCRATCH/out"
		[ "$(awk 'length > 100' "$SCRATCH/out")" = "" ]
		# each with what it means, or it is not counted
		sed -nE 's/^  (-[a-z], )?--([a-z-]+)( [^ ]+)?  +[^ ].*/\2/p' "$SCRATCH/out" |
			sort >"$SCRATCH/told"
		command_options "$name" | sort | diff "$SCRATCH/told" - ||
			fail "$name: other options"
	done
	code_is 2 "$me"
	diff "$SCRATCH/out" "$SCRATCH/help"
	# a reader that has gone is no failure to tell of
	{ sleep 0.2; "$me" validate --help || true; } 2>"$SCRATCH/err" | true
	[ ! -s "$SCRATCH/err" ] || fail "$(cat "$SCRATCH/err")"
}

# What the caller has in its environment does not decide what is built, nor how tools talk.
check_environment()
{
	refused 2 "'loud' is no notification mode" env CROSS_COMPILE=nonsense- LLVM=1 CC=nonsense \
		KBUILD_OUTPUT=/nowhere O=/nowhere MAKEFLAGS=-n ARCH=m68k LC_ALL=C.UTF-8 \
		GREP_OPTIONS=-v BASH_ENV=/nowhere CDPATH=/ \
		"$TOP/run_tests.sh" mariadb --knobs "--notify loud"
}

check_bad_options()
{
	local me=$TOP/run_tests.sh

	mkdir "$SCRATCH/bare"
	touch "$SCRATCH/bare/Makefile" "$SCRATCH/bare/Kbuild"
	refused 2 "'--nonsense' is not an option" "$me" vm --nonsense
	refused 2 "'nonsense' is not a command" "$me" nonsense
	refused 2 "'m68k' is not an architecture" "$me" vm --arch m68k
	refused 2 "the module, which plants it, is not for s390x" "$me" validate --arch s390x \
		--base source:6.1^vector
	refused 2 "the module, which plants it, is not for riscv64" "$me" validate --quick \
		--arch riscv64
	refused 2 "'distro' is no kernel for armhf:" "$me" vm --arch armhf --kernel distro
	refused 2 "'distro' is no kernel for hppa:" "$me" vm --arch hppa --kernel distro
	refused 2 "'distro' is no kernel for i386:" "$me" vm --arch i386 --kernel distro
	refused 2 "'distro' is no kernel for ppc64:" "$me" vm --arch ppc64 --kernel distro
	refused 2 "needs a value" "$me" vm --kernel
	refused 2 "not a positive number" "$me" vm --smp 0
	refused 2 "not a positive number" "$me" vm --timeout soon
	refused 2 "not a size" "$me" vm --mem much
	refused 2 "is not a kernel" "$me" vm --kernel 6.1
	refused 2 "no kernel tree at /nowhere" "$me" vm --kernel tree:/nowhere
	refused 2 "no kernel image /nowhere" "$me" vm --kernel image:/nowhere
	refused 2 "there is no patch" "$me" vm --kernel source:6.1+/nowhere.patch
	refused 2 "only source: and tree: take patches" "$me" vm --kernel distro+x
	refused 2 "names an empty patch" "$me" vm --kernel source:6.1+
	refused 2 "names no fault" "$me" vm --kernel distro^
	refused 2 "'none' is no fault" "$me" validate --base distro^fp,none
	refused 2 "there is no module for an image" "$me" vm --kernel image:/dev/null^fp
	refused 2 "mariadb plants no faults" "$me" mariadb --base source:6.1^fp
	refused 2 "no kernel image /nowhere+" "$me" vm --kernel image:/nowhere+
	refused 2 "blanks or colons" env TMPDIR="/tmp/a b" "$me" vm
	refused 2 "no Debian suite has linux-source-4.99" "$me" vm --kernel source:4.99
	refused 2 "there is no file /nowhere" "$me" vm --config /nowhere
	refused 2 "/nowhere is not a kernel tree" "$me" host --tree /nowhere
	refused 2 "is not a kernel" "$me" validate --base nonsense
	refused 2 "is not a kernel" "$me" claims --fixed nonsense
	refused 2 "not a positive number" "$me" claims --seconds 0
	refused 2 "not a positive number" "$me" claims --seed x
	refused 2 "have CONFIG_NR_CPUS=8" "$me" validate --arch x86_64 --smp 9
	refused 2 "'source:6.1' is no kernel tree with a .config" "$me" vm --own-config
	refused 2 "'image:/dev/null' is no kernel tree with a .config" "$me" vm --own-config \
		--kernel image:/dev/null
	refused 2 "'tree:$SCRATCH/bare' is no kernel tree with a .config" "$me" vm --own-config \
		--kernel "tree:$SCRATCH/bare"
	echo CONFIG_NR_CPUS=16 >"$SCRATCH/bare/.config"
	refused 2 "have CONFIG_NR_CPUS=16" "$me" vm --own-config --smp 17 \
		--kernel "tree:$SCRATCH/bare+powerpc-save-clobbers-fp"
	refused 2 "series has no option --own-config" "$me" series --own-config
	refused 2 "changes nothing on x86_64" "$me" claims --arch x86_64
	refused 2 "changes nothing on arm64" "$me" mariadb --arch arm64 --kernel \
		source:6.1+powerpc-save-clobbers-fp
	refused 2 "no good kernel for ppc64le matches" "$me" mutants --tests nothing
	# with which git bisect run ends
	refused 255 "'--nonsense' is not an option" "$me" bisect-step --nonsense
	refused 255 "'tree:/' is not an option" "$me" bisect-step distro tree:/
	refused 255 "is not a kernel" "$me" bisect-step 6.1
	refused 255 "is not a kernel" "$me" bisect-step distro --base nonsense
	refused 255 "no kernel tree at ." env -C / "$me" bisect-step
	refused 255 "blanks or colons" env TMPDIR="/tmp/a b" "$me" bisect-step distro
	refused 2 "not a positive number" "$me" mariadb --repeat 0
	refused 2 "is not a kernel" "$me" mariadb --base nonsense
	refused 2 "give --kernel, or --base" "$me" mariadb --kernel source:6.1 --base source:6.1
	refused 2 "driver in a module" "$me" mariadb --kernel distro
	refused 2 "about the running kernel" "$me" mariadb --native --kernel source:6.1
	refused 2 "'rm' is no option" "$me" mariadb --knobs "--notify no_ipi rm"
	refused 2 "driver in a module" "$me" claims --mariadb --base distro
	refused 2 "'none' is not a number" "$me" mariadb --knobs "--pin-workers --workers none"
	refused 2 "'-v' is no option" "$me" mariadb --knobs "-v"
	refused 2 "--notify needs a value" "$me" mariadb --knobs "--notify"
	refused 2 "'loud' is no notification mode" "$me" mariadb --knobs "--notify loud"
	refused 2 "'nowhere' is no point" "$me" mariadb --knobs "--at nowhere=mb"
	refused 4 "no memory" "$me" mariadb --mem 9999G
}

check_bad_program_options()
{
	local program=$HOST/live_registers

	refused 2 "not a number of seconds" "$program" -t never
	refused 2 "not a number of seconds" "$program" -t -1
	refused 2 "not a number of events" "$program" -n 0
	refused 2 "not a number of events" "$program" --tick-events 0
	refused 2 "not a number of events" "$program" -n 99999999999999999999999
	refused 2 "not a list of CPUs" "$program" -c 0-
	refused 2 "may not use CPU" "$program" -c 999999
	refused 2 "is no variant; these are: poll_wake_default " "$program" --only nonsense
	refused 2 "is no variant" "$program" --only poll_wake_sqpoll_by_signal
	refused 2 "is not an option" "$program" nonsense
	refused 2 "cannot write" "$program" --json /nowhere/file

	program=$HOST/page_integrity
	refused 2 "not a number of seconds" "$program" -t never
	refused 2 "a number from 1 to 64" "$program" --threads 0
	refused 2 "a number with K, M or G" "$program" --size 100
	refused 2 "whole pages" "$program" --size 17K
	refused 2 "a number from 1 to 4" "$program" --workers 5
	refused 2 "takes tmpfs, ext4, xfs or btrfs" "$program" --fs fat
	refused 2 "too many threads" "$program" --threads 64 --size 512K
	refused 2 "cannot write to /nowhere" "$program" --dir /nowhere
	refused 2 "knows no 'nonsense'" "$program" --engine nonsense
	refused 2 "knows no 'nonsense'" "$program" --verify cache,nonsense
	refused 2 "is not an option" "$program" nonsense
	refused 2 "cannot write" "$program" --json /nowhere/file

	program=$HOST/kernel_order
	refused 2 "not a number of seconds" "$program" -t never
	refused 2 "is no edge" "$program" --edge nonsense
	refused 2 "is not two CPUs" "$program" --cpus 0
	refused 2 "is not two CPUs" "$program" --cpus 1,1
	refused 2 "may not use CPU" "$program" --cpus 0,999999
	refused 2 "--seed: '-1' is not a number" "$program" --seed -1
	refused 2 "is not an option" "$program" nonsense
	refused 2 "cannot write" "$program" --json /nowhere/file

	program=$HOST/ring_order
	refused 2 "not a number of seconds" "$program" -t never
	refused 2 "not a number of seconds" "$program" -t 0
	refused 2 "is no edge" "$program" --edge nonsense
	refused 2 "not a list of CPUs" "$program" --cpus 0,
	refused 2 "may not use CPU" "$program" --cpus 0,99999
	refused 2 "names one CPU" "$program" --cpus 0,0
	refused 2 "--seed: '' is not a number" "$program" --seed ""
	refused 2 "is not an option" "$program" nonsense
	refused 2 "cannot write" "$program" --json /nowhere/file

	program=$HOST/ring_complete
	refused 2 "not a number of seconds" "$program" -t never
	refused 2 "not a number of seconds" "$program" -t 0
	refused 2 "'nonsense' is no case" "$program" --case nonsense
	refused 2 "'' is no case" "$program" --case drain,
	refused 2 "--dir: /nowhere: No such file" "$program" --dir /nowhere
	refused 2 "not a list of CPUs" "$program" --cpus 0,
	refused 2 "may not use CPU" "$program" --cpus 0,99999
	refused 2 "--seed: '' is not a number" "$program" --seed ""
	refused 2 "is not an option" "$program" nonsense
	refused 2 "cannot write" "$program" --json /nowhere/file

	program=$HOST/barrier_ctl
	refused 2 "'nowhere' is no point" "$program" --at nowhere=mb -- true
	refused 2 "'nothing' is no action" "$program" --at io_write=nothing -- true
	refused 2 "lacks its time" "$program" --at io_write=udelay -- true
	refused 2 "not a number of microseconds" "$program" --at io_write=udelay:10001 -- true
	refused 2 "no notification mode" "$program" --notify loud -- true
	refused 2 "--workers: '0' is not a number" "$program" --workers 0 -- true
	refused 2 "no command to run" "$program"
	refused 2 "is not an option" "$program" --nonsense
	refused 2 "cannot write" "$program" --json /nowhere/file -- true
}

@test "bad-options" { t check_bad_options; }
@test "options-of-commands" { t check_options_of_commands; }
@test "help" { t check_help; }
@test "environment" { t check_environment; }
@test "bad-program-options" { t check_bad_program_options; }
