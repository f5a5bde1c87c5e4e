#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The front door of io_uring_coherency; see README. It parses, calls vm/ and the programs, and
# shows what they found.
#
# Exit codes: 0 pass or fixed, 1 fail or not fixed, 4 skipped or inconclusive, 2 wrong usage. Those
# of bisect-step are for git bisect run: see vm/commands/bisect.sh.

set -euo pipefail

# What the caller's environment holds must not decide what is built (CROSS_COMPILE, LLVM, KBUILD_*,
# MAKEFLAGS) nor how programs talk (LC_ALL): this passes, and nothing else.
for name in $(compgen -e); do
	case $name in
	PATH | PWD | HOME | USER | TERM | TMPDIR | XDG_CACHE_HOME) ;;
	*_proxy | *_PROXY | APT_CONFIG | DEBIAN_MIRROR | IO_URING_COHERENCY_OUT | MTR_*) ;;
	*) unset "$name" 2>/dev/null || true ;;
	esac
done
export LC_ALL=C

TOP=$(cd "$(dirname "$(readlink -f "$0")")" && pwd)
VM_LIB=$TOP/vm/lib
VM_COMMANDS=$TOP/vm/commands
VM_GUEST=$TOP/vm/guest	# what runs inside of a guest

# shellcheck source=vm/lib/common.sh
. "$VM_LIB/common.sh"
# shellcheck source=vm/lib/debian.sh
. "$VM_LIB/debian.sh"
# shellcheck source=vm/lib/kernel.sh
. "$VM_LIB/kernel.sh"
# shellcheck source=vm/lib/module.sh
. "$VM_LIB/module.sh"
# shellcheck source=vm/lib/userspace.sh
. "$VM_LIB/userspace.sh"
# shellcheck source=vm/lib/guest.sh
. "$VM_LIB/guest.sh"

usage()
{
	cat <<'EOF'
usage: run_tests.sh [COMMAND] [OPTION...]

  host        the selftests on the running kernel (default)
  vm          the same on another kernel, inside QEMU
  validate    does this fix it? Two kernels, one verdict: FIXED, NOT FIXED or INCONCLUSIVE
  bisect-step [K]
              for git bisect run: is this kernel good (0), bad (1), or can nobody tell (125)?
  claims      each statement of the reports of 2023: confirmed, refuted, or not observable here
  merge       FILE...: results.json of several runs of claims as one
  mariadb     the test that the report of 2023 began with, MariaDB's own, on two kernels or one
  mutants     the kernels that are known to be bad, and planted faults, each against what has to
              catch it
  check       the project's own tests; with --long all of them
  bench       the speed figures of the README, measured here

  --arch A            ppc64le (default), ppc64, x86_64 or arm64
  --kernel K          vm, mariadb: the kernel to test (default: source:6.1); mutants: the one
                      in which faults are planted, and then no other kernel
  --base K            validate, claims, mariadb: the kernel with the problem (default: 6.1 with
                      the fix reverted); bisect-step: one to compare with (default: none)
  --fixed K           validate, claims, mariadb: the kernel that claims to be fixed (default:
                      source:6.1)
  -t, --seconds N     claims: begin no further round after that time (default: 600)
  --mariadb           claims: ask MariaDB, too; a round takes half an hour more with --quick, and
                      three times that without
  --seed N            claims: for the order of the settings (default: one that is printed)
  --repeat N          mariadb: loops of a kernel (default: 50; for --fixed what a verdict takes)
  --knobs "..."       mariadb: under barrier_ctl with these, such as "--notify no_ipi"
  --quick             mariadb, claims --mariadb: only make databases and check their pages, in a
                      third of the time
                      validate: Debian's kernel with a planted fault and without, nothing is built
  --native            mariadb: on the running kernel, with the mariadb-test installed here
  --accel A           QEMU's accelerator (default: tcg,thread=multi)
  --smp N, --mem M    QEMU's CPUs and memory (default: 2, 1G; mariadb: 8, 4G)
  --cpu C             QEMU's CPU model
  --timeout SECONDS   for one guest (default: 600; mariadb: that and 30 for each loop)
  --args "..."        vm, host: options for live_registers, such as "-t 10 -n 100000"
  --config FILE       more kernel configuration for kernels that are built
  --keep              keep kernel, initramfs and disks with the results, so that the QEMU command
                      there runs as it stands
  --no-install        never install packages, say what is missing
  --tests REGEX       check, bench: only the tests, or parts, whose names match; mutants: only
                      those patches of vm/patches/, and good kernels (source:6.1, source:mainline)
  --long              check: everything, also what takes long
                      mutants: every kernel against every detector
                      bench: a million events on each good kernel, and MariaDB, instead

  K: distro | source:VERSION[+PATCH...] | tree:PATH[+PATCH...] | image:VMLINUX
     vm, validate, bisect-step: K^FAULT[,FAULT...]: with faults that the module plants there
     VERSION: 5.10, 6.1, 6.12, ... as Debian has it, or mainline, the newest of these;
     PATCH: a file, or the name of one in vm/patches/
     bisect-step's default is tree:. , the current directory

Exit code: 0 pass or fixed, 1 fail or not fixed, 4 skipped or inconclusive, 2 wrong usage.
bisect-step: 0 good, 1 bad, 125 cannot tell, 255 wrong usage, with which git bisect run ends.
EOF
}

OPT_ARCH=ppc64le
OPT_KERNEL=source:6.1
OPT_BASE=source:6.1+powerpc-save-clobbers-fp-vmx
OPT_FIXED=source:6.1
OPT_ACCEL=tcg,thread=multi
OPT_SMP=2
OPT_MEM=1G
OPT_CPU=
OPT_TIMEOUT=600
OPT_ARGS=
EXTRA_CONFIG=
OPT_LONG=
OPT_TESTS=.
OPT_SECONDS=600
OPT_FILES=()
OPT_SEED=$((RANDOM * 32768 + RANDOM + 1))
OPT_REPEAT=50
OPT_KNOBS=
OPT_QUICK=
OPT_MARIADB=
OPT_NATIVE=
OPT_KEEP=
declare -A GIVEN=()

# The options of each command. What one does not use is wrong usage there: nothing is accepted and
# then ignored.
GUEST_OPTIONS="arch accel smp mem cpu timeout config keep"
declare -A OPTIONS=(
	[host]="args timeout"
	[vm]="kernel args $GUEST_OPTIONS"
	[validate]="base fixed quick $GUEST_OPTIONS"
	[bisect-step]="base $GUEST_OPTIONS"
	[claims]="base fixed seconds seed mariadb quick $GUEST_OPTIONS"
	[merge]=""
	[mariadb]="kernel base fixed repeat knobs quick native $GUEST_OPTIONS"
	[mutants]="kernel tests long $GUEST_OPTIONS"
	[check]="tests long"
	[bench]="tests long $GUEST_OPTIONS"
)

# option_known NAME: whether COMMAND has the option.
option_known()
{
	[[ " ${OPTIONS[$COMMAND]} " == *" $1 "* ]] ||
		die $EXIT_USAGE "$COMMAND has no option --$1, see --help"
}

parse()
{
	local name

	COMMAND=host
	case ${1:-} in
	'' | -*) ;;
	*)
		COMMAND=$1
		shift
		;;
	esac
	[ -n "${OPTIONS[$COMMAND]+known}" ] ||
		die $EXIT_USAGE "'$COMMAND' is not a command, see --help"
	if [ "$COMMAND" = bisect-step ]; then
		# shellcheck source=vm/commands/bisect.sh
		. "$VM_COMMANDS/bisect.sh"
		case ${1:-} in
		'' | -*) ;;
		*)
			OPT_KERNEL=$1
			shift
			;;
		esac
	fi
	while [ $# -gt 0 ]; do
		case $1 in
		-h | --help)
			usage
			exit 0
			;;
		-t) set -- "$1" --seconds "${@:2}" ;;
		--no-install)
			INSTALL_PACKAGES=no
			;;
		--long | --quick | --mariadb | --native | --keep)
			option_known "${1#--}"
			name=${1#--}
			printf -v "OPT_${name^^}" yes
			;;
		--arch | --kernel | --base | --fixed | --args | --config | --tests | \
			--accel | --smp | --mem | --cpu | --timeout | --seconds | --seed | \
			--repeat | --knobs)
			option_known "${1#--}"
			[ $# -gt 1 ] || die $EXIT_USAGE "$1 needs a value"
			set_option "${1#--}" "$2"
			GIVEN[${1#--}]=yes
			shift
			;;
		*)
			case $COMMAND$1 in
			merge[!-]*) OPT_FILES+=("$1") ;;
			*) die $EXIT_USAGE "'$1' is not an option, see --help" ;;
			esac
			;;
		esac
		shift
	done
}

set_option()
{
	case $1 in
	arch)
		[ -n "${QEMU[$2]:-}" ] || die $EXIT_USAGE \
			"'$2' is not an architecture: use ppc64le, ppc64, x86_64 or arm64"
		OPT_ARCH=$2
		;;
	kernel) OPT_KERNEL=$2 ;;
	base) OPT_BASE=$2 ;;
	fixed) OPT_FIXED=$2 ;;
	accel) OPT_ACCEL=$2 ;;
	smp | timeout | seconds | seed | repeat)
		[[ $2 =~ ^[1-9][0-9]{0,8}$ ]] ||
			die $EXIT_USAGE "--$1: '$2' is not a positive number"
		printf -v "OPT_${1^^}" %s "$2"
		;;
	mem)
		[[ $2 =~ ^[1-9][0-9]*[MG]$ ]] ||
			die $EXIT_USAGE "--mem: '$2' is not a size such as 1G"
		OPT_MEM=$2
		;;
	cpu) OPT_CPU=$2 ;;
	args) OPT_ARGS=$2 ;;
	knobs) OPT_KNOBS=$2 ;;
	tests) OPT_TESTS=$2 ;;
	config)
		[ -r "$2" ] || die $EXIT_USAGE "there is no file $2"
		EXTRA_CONFIG=$(realpath "$2")
		;;
	esac
}

# --- results of a run: written aside, and in their place only when they are whole

# A run that does not come to its end keeps what it has, as NAME-failed, with the reason.

result_open()
{
	local name nr=1

	name=$RESULTS/$(date +%Y%m%d-%H%M%S)-$1
	RESULT_FINAL=$name
	mkdir -p "$RESULTS" 2>/dev/null || die $EXIT_SKIP "cannot write to $RESULTS"
	# another run may begin in the same second
	while [ -e "$RESULT_FINAL" ] || [ -e "$RESULT_FINAL-failed" ] ||
		! mkdir "$RESULT_FINAL.partial" 2>/dev/null; do
		nr=$((nr + 1))
		[ $nr -lt 100 ] || die $EXIT_SKIP "cannot write to $RESULTS"
		RESULT_FINAL=$name-$nr
	done
	RESULT=$RESULT_FINAL.partial
	echo $$ >"$RESULT/pid"
	cleanup_hooks+=(result_failed)
	result_killed
}

# What a run left that had no time for it. Its process number is in the folder.
result_killed()
{
	local partial pid

	for partial in "$RESULTS"/*.partial; do
		pid=$(cat "$partial/pid" 2>/dev/null || true)
		if [ -n "$pid" ] && [ ! -e "/proc/$pid" ]; then
			rm "$partial/pid"
			echo killed >"$partial/reason"
			mv -T "$partial" "${partial%.partial}-failed" || true
		fi
	done
}

# What was wrongly asked for leaves nothing, and neither does a run that has nothing yet.
result_failed()
{
	[ -d "$RESULT_FINAL.partial" ] || return 0
	rm -f "$RESULT_FINAL.partial/pid"
	if [ "${1:-}" = $EXIT_USAGE ] || [ "${1:-}" = $EXIT_NO_PATCH ] ||
		[ -z "$(find "$RESULT_FINAL.partial" -type f -size +0 | head -n 1)" ]; then
		rm -rf "$RESULT_FINAL.partial"
		return 0
	fi
	printf '%s\n' "${REASON:-ended with code $1}" >"$RESULT_FINAL.partial/reason"
	mv -T "$RESULT_FINAL.partial" "$RESULT_FINAL-failed"
	ln -sfn "$(basename "$RESULT_FINAL-failed")" "$RESULTS/latest" || true
	say "results so far: $RESULT_FINAL-failed"
}

result_close()
{
	rm -f "$RESULT/pid"
	mv -T "$RESULT" "$RESULT_FINAL"
	ln -sfn "$(basename "$RESULT_FINAL")" "$RESULTS/latest" || true
	RESULT=$RESULT_FINAL
	say "results: $RESULT_FINAL"
}

# The programs that ask something of a kernel; the others test the module.
DETECTORS="live_registers|page_integrity|ring_order|kernel_order"

# The exit code for a KTAP report of the runner: 1 with a failure, 4 without an answer of a
# detector.
ktap_code()
{
	if grep -q '^not ok' "$1"; then
		echo $EXIT_FAIL
	elif ! grep -q '^ok' "$1"; then
		echo $EXIT_FAIL
	elif ! grep -E "^ok .*: ($DETECTORS)( |\$)" "$1" | grep -qv '# SKIP'; then
		echo $EXIT_SKIP
	else
		echo 0
	fi
}

# --- commands

# Neither make nor the kernel's build can live with some paths.
path_check()
{
	case $CACHE${TMPDIR:-} in
	*[[:blank:]:]*) die $EXIT_USAGE "blanks or colons in the path of TMPDIR or the cache" ;;
	esac
}

# What is checked before anything is fetched or built.
start()
{
	path_check
	need_space "$CACHE" 500
	scratch
}

# command_packages ARCH K... -- PACKAGE...: has all packages of a command at once, at its start: of
# guests of ARCH, of these kernels, and these others.
command_packages()
{
	local arch=$1 packages=()
	shift

	# shellcheck disable=SC2207 # lists of words
	packages=($(guest_packages "$arch"))
	while [ "$1" != -- ]; do
		# shellcheck disable=SC2207
		packages+=($(kernel_packages "$1" "$arch"))
		shift
	done
	need_packages "${packages[@]}" "${@:2}"
}

run_host()
{
	local native code

	native=$(uname -m)
	start
	need_packages make gcc libc6-dev rsync xz-utils liburing-dev
	kselftest_get
	result_open host
	phase 10 "$SCRATCH/log" "build tests" make -C "$KSELFTEST" TARGETS=io_uring_coherency \
		O="$SCRATCH/objects" INSTALL_PATH="$SCRATCH/installed" install ||
		die $EXIT_SKIP "the tests do not build: $(last_words "$SCRATCH/log")"
	printf 'timeout=%s\n' "$OPT_TIMEOUT" >"$SCRATCH/installed/io_uring_coherency/settings"
	grep -h 'warning:\|liburing' "$SCRATCH/log" >&2 || true
	say "kernel: $(uname -r) on $native"
	IO_URING_COHERENCY_RESULTS=$RESULT KSELFTEST_LIVE_REGISTERS_ARGS=$OPT_ARGS \
		"$SCRATCH/installed/run_kselftest.sh" -c io_uring_coherency |
		tee "$RESULT/ktap" || true
	code=$(ktap_code "$RESULT/ktap")
	result_close
	exit "$code"
}

# guest_test NAME DIRECTORY ARGS GUESS [TEST]: the kernel that kernel_get() got, to its results; of
# the selftests all, or just one.
guest_test()
{
	local program=${5:-live_registers}

	printf 'export KSELFTEST_%s_ARGS="%s"\n' "${program^^}" "$3" >"$SCRATCH/guest.env"
	[ $# -lt 5 ] || printf 'SELECT="-t io_uring_coherency:%s"\n' "$5" >>"$SCRATCH/guest.env"
	if [ -n "$KERNEL_PLANTS" ]; then
		module_get "$OPT_ARCH"
		printf 'UNDER="io_uring_coherency/barrier_ctl --plant %s --"\n' \
			"$KERNEL_PLANTS" >>"$SCRATCH/guest.env"
	fi
	guest_run "$OPT_ARCH" "$2" "$1" "$4"
	if [ -n "$KERNEL_PLANTS" ] && [ "$GUEST_STATE" = ok ] && ! grep -q '^TAP' "$2/ktap"; then
		GUEST_STATE=no-boot
		GUEST_REASON=$(last_words "$2/ktap")
	fi
	printf '%s\n' "$KERNEL_NAME" >"$2/kernel"
}

run_vm()
{
	local code

	kernel_check "$OPT_KERNEL"
	start
	command_packages "$OPT_ARCH" "$OPT_KERNEL" --
	userspace_get "$OPT_ARCH"
	result_open vm
	kernel_get "$OPT_KERNEL" "$OPT_ARCH"
	module_get "$OPT_ARCH"
	guest_test "run in QEMU" "$RESULT" "$OPT_ARGS" 60
	say "kernel: $KERNEL_NAME ($OPT_ARCH, $(cat "$RESULT/qemu-version"))"
	if [ -s "$RESULT/ktap" ]; then
		cat "$RESULT/ktap"
		code=$(ktap_code "$RESULT/ktap")
	fi
	if [ "$GUEST_STATE" != ok ]; then
		guest_console "$RESULT"
		result_close
		[ "$GUEST_STATE" != no-boot ] || die $EXIT_SKIP "$GUEST_REASON"
		die $EXIT_FAIL "$GUEST_REASON"
	fi
	result_close
	exit "$code"
}

# evidence DIRECTORY...: "EVENTS VIOLATIONS" of one or more runs; they add up.
evidence()
{
	local counts

	counts=$(field '[.[].variants[]] | "\(map(.events) | add // 0) " +
		"\(map([.events, .violations] | min) | add // 0)"' "$@")
	[ "$counts" != - ] || counts="0 0"
	echo "$counts"
}

# What the base has shown; nothing where there was none.
base_json()
{
	cat "$RESULT/base/live_registers.json" 2>/dev/null || true
}

# unanswered fail|skip DIRECTORY...: why the runs of a kernel are no answer, or nothing. With
# fail: a variant that failed without a violation, or did not come to its end. With skip: one that
# has shown the problem on the base and did not pass here.
unanswered()
{
	local how=$1 dir names
	shift

	for dir in "$@"; do
		names=$(jq -r --arg how "$how" --slurpfile base <(base_json) '
			[$base[].variants[] | select(.violations > 0).name] as $hit |
			[.variants[] | select(.violations == 0) | select(
				if $how == "fail" then .outcome == "fail" or .outcome == ""
				else .outcome == "skip" and (.name | IN($hit[])) end).name] |
			join(" ")' "$dir/live_registers.json")
		if [ -n "$names" ] && [ "$how" = fail ]; then
			say "the fixed kernel does not get through $names"
			return 0
		elif [ -n "$names" ]; then
			say "$names shows the problem on the base" \
				"and has no answer on the fixed kernel"
			return 0
		fi
	done
}

# field FILTER DIRECTORY...: jq's answer over the results of one or more runs, "-" without any.
field()
{
	local filter=$1 dir files=()
	shift

	for dir in "$@"; do
		[ ! -s "$dir/live_registers.json" ] || files+=("$dir/live_registers.json")
	done
	if [ ${#files[@]} = 0 ]; then
		echo -
	else
		jq -rs "$filter" "${files[@]}"
	fi
}

# column NAME EVENTS VIOLATIONS DIRECTORY...: the lines of one column of the table.
column()
{
	local name=$1 events=$2 violations=$3 low_high
	shift 3

	say "$name"
	say "$(cat "$1/kernel")"
	say "$(field '.[0].kernel' "$@")"
	say "$events"
	say "$violations"
	low_high=$("$HOST/verdict" --interval "$events" "$violations")
	if [ "$events" = 0 ]; then
		say "-"
	elif [ "$violations" = 0 ]; then
		say "< ${low_high#* }"
	else
		say "${low_high% *} to ${low_high#* }"
	fi
	say "$(field '[.[].variants[] | select(.violations > 0)] | min_by(.first_ms) |
		if . then "\(.first_ms | floor) ms, event \(.first_event)" else "none" end' "$@")"
	say "$(field '[.[].variants[].changed | keys[]] | unique | join(" ") |
		if . == "" then "none" else . end' "$@")"
}

# The options of live_registers for the base, for the fixed kernel, and for more of that; and with
# --quick, which asks in no more than two of its variants: these have the most events.
MEASURE=("-t 1 -n 300" "-t 2 -n 1500" "-t 10 -n 4000")
QUICK="--only poll_wake_default,create_worker_cb_default"
MEASURE_QUICK=("-t 2 -n 300 $QUICK" "-t 30 -n 1600 $QUICK" "-t 30 -n 4000 $QUICK")

# One run of the kernel with the problem, which kernel_get() got: its counts are in base.
base_measure()
{
	guest_test "base: run in QEMU" "$RESULT/base" "${MEASURE[0]}" 10 live_registers
	read -r -a base < <(evidence "$RESULT/base")
}

# fixed_measure NAME: runs of the other kernel, until there are enough to compare it with base, or
# one did not end well. Their directories are in runs, the last one in dir, their counts in fixed.
fixed_measure()
{
	local more

	dir=$RESULT/$1
	runs=("$dir")
	guest_test "$1: run in QEMU" "$dir" "${MEASURE[1]}" 12 live_registers
	read -r -a fixed < <(evidence "${runs[@]}")
	# a slow machine may need more events to tell: the counts of further runs add up
	for more in 1 2; do
		if [ "$GUEST_STATE" != ok ] || [ "${base[1]}" = 0 ] || [ "${fixed[0]}" = 0 ]; then
			break
		fi
		"$HOST/verdict" "${base[@]}" "${fixed[@]}" >"$SCRATCH/verdict" || true
		grep -q INCONCLUSIVE "$SCRATCH/verdict" || break
		dir=$RESULT/$1-more-$more
		guest_test "$1: more events" "$dir" "${MEASURE[2]}" 60 live_registers
		[ ! -s "$dir/live_registers.json" ] || runs+=("$dir")
		read -r -a fixed < <(evidence "${runs[@]}")
	done
}

# distro_fetch K: what only has to be fetched for a prebuilt kernel, while packages are installed.
distro_fetch()
{
	kernel_get "$1" "$OPT_ARCH"
	[ -z "$KERNEL_PLANTS" ] || module_headers "$OPT_ARCH"
	sysroot_get "$OPT_ARCH"
	kselftest_fetch
}

# distro_module K: the module for it, while the tests are built.
distro_module()
{
	kernel_get "$1" "$OPT_ARCH"
	[ -z "$KERNEL_PLANTS" ] || module_get "$OPT_ARCH"
}

# What the fix of 2023 was about, or the nearest to it that the module can plant.
declare -A PLANTS=([ppc64le]="fp,vector" [ppc64]="fp,vector" [x86_64]=vector [arm64]=vector)

run_validate()
{
	local base fixed runs dir reason='' line code=0

	if [ -n "$OPT_QUICK" ]; then
		[ -n "${GIVEN[base]:-}" ] || OPT_BASE="distro^${PLANTS[$OPT_ARCH]}"
		[ -n "${GIVEN[fixed]:-}" ] || OPT_FIXED=distro
		MEASURE=("${MEASURE_QUICK[@]}")
	fi
	kernel_check "$OPT_BASE"
	kernel_check "$OPT_FIXED"
	start
	if [ "${OPT_BASE%%^*}" = distro ]; then
		beside distro_fetch "$OPT_BASE"
		command_packages "$OPT_ARCH" "$OPT_BASE" "$OPT_FIXED" -- jq
		joined
		beside distro_module "$OPT_BASE"
	else
		command_packages "$OPT_ARCH" "$OPT_BASE" "$OPT_FIXED" -- jq
	fi
	need_command jq "results are read with it"
	userspace_get "$OPT_ARCH" live_registers barrier_ctl
	host_get verdict
	[ -z "$BESIDE" ] || joined
	result_open validate

	kernel_get "$OPT_BASE" "$OPT_ARCH"
	base_measure
	if [ "$GUEST_STATE" != ok ]; then
		guest_console "$RESULT/base"
		inconclusive "base: $GUEST_REASON"
	fi
	kernel_get "$OPT_FIXED" "$OPT_ARCH"
	fixed_measure fixed
	if [ "$GUEST_STATE" != ok ]; then
		guest_console "$dir"
		reason="fixed: $GUEST_REASON"
		[ "$GUEST_STATE" != no-boot ] || inconclusive "$reason"
	fi

	paste -d '|' <(printf '%s\n' '' kernel linux events violations 'rate (95 %)' \
		'first violation' 'registers hit') \
		<(column base "${base[@]}" "$RESULT/base") \
		<(column fixed "${fixed[@]}" "${runs[@]}") | column_align | tee "$RESULT/report"

	# counts alone are not enough: a variant that died, failed or gave no answer counts nothing
	[ -n "$reason" ] || reason=$(unanswered fail "${runs[@]}")
	if [ "$GUEST_STATE" = unwell ] && [ "${fixed[1]}" = 0 ]; then
		inconclusive "$reason"
	elif [ -n "$reason" ]; then
		line="verdict: NOT FIXED ($reason)"
		code=$EXIT_FAIL
	elif [ "${fixed[1]}" = 0 ] && [ "${base[1]}" != 0 ] &&
		reason=$(unanswered skip "${runs[@]}") && [ -n "$reason" ]; then
		inconclusive "$reason"
	else
		line=$("$HOST/verdict" "${base[@]}" "${fixed[@]}") || code=$?
	fi
	verdict_close "$line" "$code"
}

column_align()
{
	awk -F '|' '{ for (i = 1; i <= NF; i++) { cell[NR, i] = $i
			if (length($i) > width[i]) width[i] = length($i) }
		if (NF > fields) fields = NF }
		END { for (r = 1; r <= NR; r++) { line = ""
			for (i = 1; i <= fields; i++)
				line = line sprintf("%-" (width[i] + 2) "s", cell[r, i])
			sub(/ *$/, "", line); print line } }'
}

inconclusive()
{
	verdict_close "verdict: INCONCLUSIVE ($1)" $EXIT_SKIP
}

# Writes results.json, tells the reason and, as the last line, the verdict.
ANSWERS=live_registers.json
verdict_close()
{
	local line=$1 code=$2 word reason

	word=${line#verdict: }
	word=${word%% (*}
	reason=${line#*\(}
	reason=${reason%)}
	jq -n --arg verdict "$word" --arg reason "$reason" \
		--slurpfile base <(cat "$RESULT"/base*/"$ANSWERS" 2>/dev/null || true) \
		--slurpfile fixed <(cat "$RESULT"/fixed*/"$ANSWERS" 2>/dev/null || true) \
		'{verdict: $verdict, reason: $reason, base: $base, fixed: $fixed}' \
		>"$RESULT/results.json"
	result_close
	say "reason: $reason"
	if [ "$code" = $EXIT_SKIP ]; then
		say "$line"
	else
		say "verdict: $word"
	fi
	exit "$code"
}

parse "$@"
case $COMMAND in
host) run_host ;;
vm) run_vm ;;
validate) run_validate ;;
bisect-step) run_bisect_step ;;
claims | merge)
	# shellcheck source=vm/commands/claims.sh
	. "$VM_COMMANDS/claims.sh"
	"run_$COMMAND"
	;;
mutants)
	# shellcheck source=vm/commands/mutants.sh
	. "$VM_COMMANDS/mutants.sh"
	run_mutants
	;;
mariadb)
	# shellcheck source=vm/commands/mariadb.sh
	. "$VM_COMMANDS/mariadb.sh"
	run_mariadb
	;;
check)
	# shellcheck source=tests/check.sh
	. "$TOP/tests/check.sh"
	run_check
	;;
bench)
	# shellcheck source=vm/commands/bench.sh
	. "$VM_COMMANDS/bench.sh"
	run_bench
	;;
esac
