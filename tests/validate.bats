#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
#
# run_tests.sh validate and bisect-step.

# shellcheck source=tests/lib.bash
. "$BATS_TEST_DIRNAME/lib.bash"

# bisect_step CODE PATTERN ARGUMENT...: that exit code, and on stdout one line like that.
check_bisect_step()
{
	local want=$1 pattern=$2 code=0
	shift 2
	IO_URING_COHERENCY_OUT=$SCRATCH/results "$TOP/run_tests.sh" bisect-step "$@" \
		>"$SCRATCH/out" 2>"$SCRATCH/err" || code=$?
	cat "$SCRATCH/err" "$SCRATCH/out"
	[ "$code" = "$want" ] || fail "code $code, not $want"
	[ "$(wc -l <"$SCRATCH/out")" = 1 ] && grep -q "^$pattern" "$SCRATCH/out" ||
		fail "not one line on stdout like '$pattern'"
}

# check_bisect PATCH OPTION...: a real bisect of eight commits, the sixth of which is PATCH, while
# the fourth does not build. Only files that change are in the repository, the rest of the tree lies
# around it.
check_bisect()
{
	local nr file=io_uring/nop.c patch=$TOP/vm/patches/$1.patch
	shift

	user_tree
	cd "$SCRATCH/tree"
	git init -q .
	git config user.name check
	git config user.email check@localhost
	sed -n 's|^+++ b/||p' "$patch" | xargs git add -f "$file"
	git commit -qm good
	git tag good
	for nr in 1 2 3 4 5 6 7 8; do
		case $nr in
		4) sed -i '$a #error "does not build"' "$file" ;;
		5) sed -i '$d' "$file" ;;
		6) patch -p1 --no-backup-if-mismatch <"$patch" ;;
		*) sed -i "\$a /* $nr */" "$file" ;;
		esac
		git commit -qam "commit $nr"
	done
	git bisect start HEAD good
	IO_URING_COHERENCY_OUT=$SCRATCH/results git bisect run "$TOP/run_tests.sh" bisect-step \
		"$@" 2>&1 || fail "the bisect ends without an answer"
	git bisect log
	git bisect log | grep '^# skip: .* commit 4$'
	git bisect log | grep '^# first bad commit: .* commit 6$'
}

# check_validate CODE LAST_LINE OPTION...
check_validate()
{
	local want=$1 line=$2 code=0 hit="registers hit"
	shift 2
	[[ " $* " != *" --detector "* ]] || hit=violated
	IO_URING_COHERENCY_OUT=$SCRATCH/results "$TOP/run_tests.sh" validate "$@" \
		>"$SCRATCH/out" 2>&1 || code=$?
	cat "$SCRATCH/out"
	[ "$code" = "$want" ] || fail "code $code, not $want"
	tail -n 1 "$SCRATCH/out" | grep -q "^verdict: $line" || fail "last line is not $line"
	jq -r '"verdict: \(.verdict)", .reason' "$SCRATCH/results/latest/results.json" \
		>"$SCRATCH/told"
	cat "$SCRATCH/told"
	tail -n 1 "$SCRATCH/out" | grep -F "$(head -n 1 "$SCRATCH/told")"
	grep -F "$(tail -n 1 "$SCRATCH/told")" "$SCRATCH/out"
	# no cell is blank, and the counts are those of results.json
	report_rows 3 kernel linux events violations "rate (95 %)" "first violation" "$hit"
	jq -r 'def counts: [.[].variants[]] | map(.events), map([.events, .violations] | min) |
		add; [.base, .fixed | [counts]] | transpose[] | map(tostring) | join(" ")' \
		"$SCRATCH/results/latest/results.json" >"$SCRATCH/counts"
	awk '$1 == "events" || $1 == "violations" { print $2, $3 }' \
		"$SCRATCH/results/latest/report" | diff - "$SCRATCH/counts"
	page_agrees "$SCRATCH/results/latest"
}

# All architectures in a table; the verdicts are made here.
check_validate_all()
{
	local at=$SCRATCH/results/latest

	# shellcheck source=vm/commands/validate.sh
	. "$VM_COMMANDS/validate.sh"
	RESULTS=$SCRATCH/results
	OPT_ARCH=all COMMAND=validate COMMAND_LINE=(validate --arch all)
	validate_apart() {
		local verdict=FIXED code=0 events=1000

		case $1 in
		arm64) verdict="NOT FIXED" code=1 ;;
		ppc64) verdict=INCONCLUSIVE code=4 ;;
		s390x) say "no space: somewhere" >&2 && exit 4 ;;
		esac
		mkdir -p "$RESULTS/$1/1/base"
		say "source of $1" >"$RESULTS/$1/1/base/origin"
		say QEMU >"$RESULTS/$1/1/base/qemu-version"
		ln -s 1 "$RESULTS/$1/latest"
		jq -n --arg verdict "$verdict" '{ $verdict, reason: "a (b)", base: [{ variants: [
			{ events: 7, violations: 8, changed: { f1: 1 } },
			{ events: 3, violations: 0 }] }],
			fixed: [{ variants: [{ events: 9, violations: 0 }] }] }' \
			>"$RESULTS/$1/1/results.json"
		say "results: $RESULTS/$1/1"
		exit $code
	}
	code_is 1 validate_all_apart
	! grep 'jq: error' "$SCRATCH/out" || fail "the page is not whole"
	grep '^arm64 *7 of 10 *f1 *0 of 9 *NOT FIXED (a (b))$' "$SCRATCH/out"
	grep '^ppc64 *7 of 10 *f1 *0 of 9 *INCONCLUSIVE (a (b))$' "$SCRATCH/out"
	grep '^ppc64le *7 of 10 *f1 *0 of 9 *FIXED$' "$SCRATCH/out"
	grep '^s390x *0 of 0 *0 of 0 *none (no space: somewhere)$' "$SCRATCH/out"
	page_agrees "$at"
	grep '<p class="answer">FIXED: [0-9]* of [0-9]* architectures' "$at/index.html"
	[ -e "$at/ppc64le/results.json" ]
	grep '<li>ppc64le/base: source of ppc64le; QEMU</li>' "$at/index.html"
	sed -n 's/^results: //p' "$SCRATCH/out" | xargs stat -t
	jq -e --arg nr "${#ARCHITECTURES[@]}" 'length == ($nr | tonumber) and
		(.[] | select(.arch == "s390x").verdict == "none")' "$at/results.json"
	refused 2 "is no kernel for" "$TOP/run_tests.sh" validate --arch all --base distro
	sleep 1		# results are named by the second
	OPT_QUICK=yes code_is 1 validate_all_apart
	jq -e 'map(.arch) == ["ppc64le", "arm64", "x86_64"]' "$at/results.json"
}

validate_all_apart()
{
	(
		SCRATCH=$(mktemp -d "$SCRATCH/validate.XXXXXX")
		trap cleanup EXIT
		run_validate
	)
}

# What is fetched beforehand is the source without what is planted in it.
check_base_fetch()
{
	# shellcheck source=vm/commands/validate.sh
	. "$VM_COMMANDS/validate.sh"
	base_fetch source:6.1^vector
	[[ ${SOURCE_TREE##*/} == linux-6.1-6.1.* ]]
}

# With an empty cache a kernel is built for registers alone; on this VERSION.
check_validate_registers()
{
	local version=$1

	kernel_source "source:$version"
	mkdir -p "$SCRATCH/cache/io_uring_coherency/source"
	cp -al "$SOURCE_TREE" "$SCRATCH/cache/io_uring_coherency/source/"
	XDG_CACHE_HOME=$SCRATCH/cache check_validate 0 'FIXED$' --fixed "source:$version" \
		--base "source:$version+$BOTH"
	grep 'configured for registers$' "$SCRATCH"/results/latest/base/origin
	grep 'configured for registers$' "$SCRATCH"/results/latest/fixed/origin
}

# A tree's own .config: what it has and no test needs stays as it is, and what they need is there.
check_validate_own_config()
{
	local tree=$SCRATCH/tree at=$SCRATCH/results/latest line

	user_tree
	{
		printf 'CONFIG_%s=y\n' HZ_1000 MODULES BPF_SYSCALL
		printf '# CONFIG_%s is not set\n' HZ_250 EPOLL
		echo CONFIG_NR_CPUS=16
		echo CONFIG_CRYPTO=m
	} >"$SCRATCH/more"
	EXTRA_CONFIG=$SCRATCH/more kernel_fragments ppc64le registers |
		kernel_merge "$tree" "$SCRATCH/all.config"
	make -C "$tree" O="$SCRATCH/objects" ARCH=powerpc CROSS_COMPILE="$(cross_prefix ppc64le)" \
		KCONFIG_ALLCONFIG="$SCRATCH/all.config" allnoconfig >"$SCRATCH/log" 2>&1
	cp "$SCRATCH/objects/.config" "$tree/"
	check_validate 0 'FIXED$' --own-config --base "tree:$tree+$BOTH" --fixed "tree:$tree"
	for line in CONFIG_HZ_1000=y CONFIG_NR_CPUS=16 CONFIG_BPF_SYSCALL=y CONFIG_EPOLL=y \
		"# CONFIG_CRYPTO is not set"; do
		grep -qx "$line" "$at/fixed/config" || fail "no $line"
	done
	grep 'its own .config but for [0-9]* lines$' "$at/base/origin"
}

# bats test_tags=quick
@test "validate-quick" { t check_validate 0 'FIXED$' --quick; }
@test "validate-default" { t check_validate 0 'FIXED$'; }
@test "validate-swapped" {
	t check_validate 1 'NOT FIXED$' --base source:6.1 --fixed "source:6.1+$BOTH"
}
@test "validate-bad-twice" { t check_validate 1 'NOT FIXED$' --fixed "source:6.1+$BOTH"; }
@test "validate-half-a-fix" {
	t check_validate 1 'NOT FIXED$' --fixed "source:6.1+${BOTH%-vmx}"
}
@test "validate-mend" {
	t check_validate 0 'FIXED$' --base source:6.1 --detector ring_complete:signal_work \
		--fixed source:6.1+powerpc-signal-restores-all
}
@test "validate-good-twice" {
	t check_validate 4 'INCONCLUSIVE (the base does not show the problem)' --base source:6.1
}
@test "bisect-step-good" { t check_bisect_step 0 "good: violations 0 of" source:6.1; }
@test "bisect-step-bad" { t check_bisect_step 1 "bad: violations" "source:6.1+${BOTH%-vmx}"; }
@test "bisect-step-base" {
	t check_bisect_step 0 "good: violations 0 of" source:6.1 \
		--base "source:6.1+${BOTH/fp-/}"
}
@test "bisect-step-good-base" {
	t check_bisect_step 125 "cannot tell: the base does not show" source:6.1 --base source:6.1
}
@test "bisect-step-no-boot" {
	t check_bisect_step 125 "cannot tell: QEMU ended" image:/dev/null
}
# bats test_tags=long
@test "validate-registers-5.10" { t check_validate_registers 5.10; }
# bats test_tags=long
@test "validate-registers-6.1" { t check_validate_registers 6.1; }
# bats test_tags=long
@test "validate-registers-6.12" { t check_validate_registers 6.12; }
# bats test_tags=long
@test "validate-registers-mainline" { t check_validate_registers mainline; }
# bats test_tags=long
@test "validate-own-config" { t check_validate_own_config; }
# bats test_tags=long
@test "validate-x86_64" { t check_validate 0 'FIXED$' --arch x86_64; }
# bats test_tags=long
@test "validate-arm64" { t check_validate 0 'FIXED$' --arch arm64; }
@test "validate-base-fetch" { t check_base_fetch; }
@test "validate-all" { t check_validate_all; }
# bats test_tags=long
@test "validate-i386" { t check_validate 0 'FIXED$' --arch i386; }
# bats test_tags=long
@test "validate-armhf" { t check_validate 0 'FIXED$' --arch armhf; }
# bats test_tags=long
@test "validate-s390x" { t check_validate 0 'FIXED$' --arch s390x; }
# bats test_tags=long
@test "validate-hppa" { t check_validate 0 'FIXED$' --arch hppa; }
# bats test_tags=long
@test "validate-riscv64" { t check_validate 0 'FIXED$' --arch riscv64; }
# bats test_tags=long
@test "bisect" { t check_bisect "$BOTH"; }
# bats test_tags=long
@test "bisect-completions" {
	t check_bisect recv-partial-gives-buffer-back --detector ring_complete:two_recv \
		--base source:6.1+recv-partial-gives-buffer-back
}
