# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Every kernel of vm/patches against the detectors that have to catch it, and the good ones against
# all: run_tests.sh mutants; with --long each against all. mutants.jq reads what the detectors left,
# and judges. Sourced by run_tests.sh.
#
# In the header of a patch:
#
#	Detector: PROGRAM [NAME...]	must catch it, by these edges, engines, variants or tests
#	Time: SECONDS			-t of its detectors, for what comes seldom
#	Observable: WHERE		no machine of another kind has to
#	Applies to: VERSION, ...	kernels that it is for; asked is 6.1, or else the first
#	Mends: PROGRAM NAME		no bug, but what mends one that kernels have: not asked

COMMAND_SUMMARY="the known bad kernels, and planted faults, each against what has to catch it"
COMMAND_OPTIONS="kernel tests long $GUEST_OPTIONS"
OPTION_TEXT[kernel]="the one in which faults are planted, and then no other kernel"
OPTION_TEXT[tests]="only those patches of vm/patches/, faults (^fp), and good kernels
(source:6.1, source:mainline) whose names match"
OPTION_TEXT[long]="every kernel against every detector"

MUTANTS_VERSION=6.1			# of most patches
MUTANTS_GOOD="source:6.1 source:mainline"

# The detectors and their arguments, as their tests in check.sh run them. Where a wake-up is lost
# the first leaves kernel_order too few events, if it is another one.
MUTANTS_DETECTORS='kernel_order -t 3
live_registers -t 1 -n 300
page_integrity -t 1
ring_order
ring_complete
module_knobs
module_offload'

# The faults that are planted in a good kernel (see barrier_ctl), and who must find each. kick and
# no_ipi_ignored are for tests with a session of their own: plants of module_knobs. A short read
# of the submitter itself is tried again by io_uring, and so is none.
MUTANTS_PLANTS='fp live_registers poll_wake_default create_worker_cb_default
vector live_registers poll_wake_default create_worker_cb_default
gpr live_registers poll_wake_default create_worker_cb_default
flags live_registers poll_wake_default create_worker_cb_default
others live_registers poll_wake_default create_worker_cb_default
write_short page_integrity uring uring_async
write_dropped page_integrity uring uring_async
write_misplaced page_integrity uring uring_async
write_stale page_integrity uring uring_async
read_short page_integrity uring_async'

# The cases of ring_complete that kernels are known to fail without a patch: ring_cases.h has what
# mended each. No other case of that program is asked there, unless a patch names it.
MUTANTS_KNOWN='6.1 drain signal_cancel signal_storm signal_epoll signal_work
distro drain signal_cancel signal_storm signal_epoll signal_work
6.12 drain signal_epoll signal_work
mainline waiters'

# mutant_cases KERNEL: all others.
mutant_cases()
{
	local known version=${1#source:}

	known=$(awk -v version="${version%%[+^]*}" '$1 == version { $1 = ""; print }' \
		<<<"$MUTANTS_KNOWN")
	awk -v RS= 'match($0, /RING_CASE\([a-z_]+/) && !/\.by_name/ {
			print substr($0, RSTART + 10, RLENGTH - 10) }' \
		"$TOP/io_uring_coherency/ring_complete/ring_cases.h" |
		grep -vxF "${known// /$'\n'}" | paste -sd ,
}

# mutant_asked KERNEL [PATCH]: the detectors that are asked, with their options: all without a
# patch, and with --long; else those of its header, for no more than what is named there.
mutant_asked()
{
	local name options names seconds kernel=$1
	shift

	while read -r name options; do
		if [ $# = 0 ] || [ -n "$OPT_LONG" ]; then
			[ "$name" != ring_complete ] || options="--case $(mutant_cases "$kernel")"
			say "$name $options"
		elif mutant_header Detector "$1" | grep -q "^$name\b"; then
			names=$(mutant_named "$name" "$1" | sed -E 's/(_disk)?(_direct)?$//' |
				sort -u | paste -sd ,)
			[ -z "$names" ] || [ -z "${DETECTOR_ONLY[$name]:-}" ] ||
				options+=" ${DETECTOR_ONLY[$name]} $names"
			# memory is enough where names are told, and none is of a disk
			[ "$name" != page_integrity ] || [ -z "$names" ] ||
				mutant_named "$name" "$1" | grep -q '_d\(isk\|irect\)$' ||
				options+=" --dir /dev/shm"
			seconds=$(mutant_header Time "$1")
			# two guests on two CPUs: a second has few events, and what is found ends it
			[ "$name" != ring_complete ] || [ -z "$names" ] || seconds=${seconds:-5}
			say "$name $options${seconds:+ -t $seconds}"
		fi
	done <<<"$MUTANTS_DETECTORS"
}

# mutant_named DETECTOR PATCH: by what it must catch it, one a line; nothing: by whatever it has.
mutant_named()
{
	mutant_header Detector "$2" |
		awk -v name="$1" '$1 == name { for (i = 2; i <= NF; i++) print $i }'
}

# mutant_guest KERNEL DIRECTORY: the detectors of the list there, in one guest.
mutant_guest()
{
	local dir=$2

	cp "$dir/list" "$SCRATCH/guest.list"
	guest_script "$VM_GUEST/list.sh"
	userspace_get "$OPT_ARCH"
	kernel_get "$1" "$OPT_ARCH"
	module_get "$OPT_ARCH"
	guest_run "$OPT_ARCH" "$dir" "mutants: run in QEMU" 120
	printf '%s\n' "$GUEST_STATE" >"$dir/state"
	printf '%s\n' "$GUEST_REASON" >"$dir/reason"
}

# mutant_judge NAME KERNEL DIRECTORY [PATCH]: one line of the table, as JSON.
mutant_judge()
{
	local name=$1 dir=$3 patch=${4:-/dev/null} detector

	while read -r detector _; do
		mutant_named "$detector" "$patch" >"$SCRATCH/names"
		jq -n -L "$VM_COMMANDS" --arg name "$detector" \
			--arg run "$(grep "^$detector.out " "$dir/commands" 2>/dev/null || true)" \
			--rawfile names "$SCRATCH/names" \
			--rawfile out <(cat "$dir/$detector.out" 2>/dev/null || true) \
			--slurpfile json <(cat "$dir/$detector.json" 2>/dev/null || true) \
			'include "mutants"; answer($ARGS.named)'
	done <<<"$MUTANTS_DETECTORS" >"$SCRATCH/answers"
	jq -s -L "$VM_COMMANDS" --arg name "$name" --arg kernel "$2" --rawfile state "$dir/state" \
		--rawfile reason <(cat "$dir/reason" 2>/dev/null || true) \
		--arg observable "$(mutant_header Observable "$patch")" \
		--arg machine "$(uname -m)" \
		--argjson named "$(mutant_header Detector "$patch" |
			jq -nR '[inputs | split(" ")[0]] | unique')" \
		--argjson good "$([ $# = 4 ] && echo false || echo true)" \
		'include "mutants"; judge($ARGS.named)' "$SCRATCH/answers" >>"$RESULT/judged"
}

# mutant_begin NAME KERNEL DIRECTORY [PATCH]: the list in the directory, while others run, but not
# more than two at once. What kernel_order has to catch, or has a Time:, comes seldom where the
# emulated CPUs of others take the time of its own, so that has no neighbour.
mutants_running=()		# their arguments
mutants_alone=
mutant_begin()
{
	local name=$1 kernel=$2 dir=$3 alone='' most=2

	if [ $# != 3 ]; then
		alone=$(mutant_header Time "$4")
		! grep -q ' kernel_order.out ' "$dir/list" || alone=yes
	fi
	[ -z "$alone$mutants_alone" ] || most=1
	while [ ${#mutants_running[@]} -ge "$most" ]; do
		mutant_end
	done
	mutants_alone=$alone
	# one that cannot be had
	echo no-build >"$dir/state"
	beside "$name" mutant_guest "$kernel" "$dir"
	mutants_running+=("$*")
}

# Waits for the first of them, and judges it.
mutant_end()
{
	local name kernel dir patch plant

	read -r name kernel dir patch <<<"${mutants_running[0]}"
	mutants_running=("${mutants_running[@]:1}")
	say "$name"
	joined "$name" || say "$JOINED_ERROR" >"$dir/reason"
	if [ ! -e "$dir/plants" ]; then
		mutant_judge "$name" "$kernel" "$dir" ${patch:+"$patch"}
		return 0
	fi
	while read -r plant; do
		mkdir -p "$dir/$plant"
		cp "$dir/state" "$dir/$plant/"
		[ ! -e "$dir/reason" ] || cp "$dir/reason" "$dir/$plant/"
		mutant_judge "$kernel^$plant" "$kernel" "$dir/$plant" "$dir/$plant.header"
	done <"$dir/plants"
}

# mutant NAME KERNEL [PATCH]: one kernel.
mutant()
{
	local dir=$RESULT/${1//:/-}

	mkdir -p "$dir"
	mutant_asked "${@:2}" | sed 's|^[^ ]*|. &.out ./&|' >"$dir/list"
	mutant_begin "$1" "$2" "$dir" "${@:3}"
}

# mutants_planted KERNEL PLANT...: the same with faults that are planted, all in one boot.
mutants_planted()
{
	local kernel=$1 dir=$RESULT/planted plant header
	shift

	mkdir -p "$dir"
	printf '%s\n' "$@" >"$dir/plants"
	for plant in "$@"; do
		header=$dir/$plant.header
		sed -n "s/^$plant /Detector: /p" <<<"$MUTANTS_PLANTS" >"$header"
		OPT_LONG='' mutant_asked "$kernel" "$header" |
			sed "s|^[^ ]*|$plant &.out ./barrier_ctl --plant $plant -- ./&|"
	done >"$dir/list"
	mutant_begin "$kernel^$(paste -sd , "$dir/plants")" "$kernel" "$dir"
}

# mutant_header KEY PATCH: the values of its lines KEY:.
mutant_header()
{
	sed -n "/^--- /q; s/^$1: *//p" "$2"
}

# The version that a patch is tried on.
mutant_version()
{
	local versions

	versions=$(mutant_header "Applies to" "$1" | grep -oE '^([0-9., ]*[0-9]|mainline)' || true)
	[[ ", $versions," != *", $MUTANTS_VERSION,"* ]] || versions=$MUTANTS_VERSION
	versions=${versions:-$MUTANTS_VERSION}
	say "${versions%%,*}"
}

# Whether one of those in its header can be there: kernel_order and module_* ask the module, which
# is not for each architecture.
mutant_detectable()
{
	module_for "$OPT_ARCH" || ! mutant_header Detector "$1" |
		awk '!/^(kernel_order|module_)/ { other = 1 } END { exit other || !NR }'
}

# The good kernels and patches whose names match --tests: "NAME KERNEL PATCH" a line. With --kernel
# that one alone.
mutants_chosen()
{
	local patch kernel name good=$MUTANTS_GOOD

	[ -z "${GIVEN[kernel]:-}" ] || good=$OPT_KERNEL
	# they take longest, by all detectors
	for kernel in $good; do
		[[ ! $kernel =~ $OPT_TESTS ]] || echo "$kernel $kernel"
	done
	for patch in "$TOP"/vm/patches/*.patch; do
		[ -z "${GIVEN[kernel]:-}" ] || break
		name=$(basename "$patch" .patch)
		! patch_elsewhere "$patch" && mutant_detectable "$patch" || continue
		# a build of nearly everything before and after it, so it comes last
		[[ ! $name =~ $OPT_TESTS ]] || grep -q '^Mends: ' "$patch" ||
			echo "$(grep -c '^+++ .*/include/' "$patch" || true)" \
				"$name source:$(mutant_version "$patch")+$name $patch"
	done | sort -s -k 1,1 | cut -d ' ' -f 2-
}

# The faults to plant in KERNEL that --tests wants.
mutants_plants()
{
	local plant

	module_for "$OPT_ARCH" || return 0
	while read -r plant _; do
		[[ ! $1^$plant =~ $OPT_TESTS ]] || echo "$plant"
	done <<<"$MUTANTS_PLANTS"
}

# Refuses patches whose header names no detector, or one that there is not.
mutants_headers()
{
	local name patch detector

	while read -r name _ patch; do
		[ -n "$patch" ] || continue
		while read -r detector _; do
			grep -q "^$detector\( \|$\)" <<<"$MUTANTS_DETECTORS" ||
				die $EXIT_FAIL "$name: '$detector' in its header is no detector"
		done < <(mutant_header Detector "$patch" | grep . || echo nothing)
	done
}

run_mutants()
{
	local name kernel patch code=0 chosen plants

	kernel_check "$OPT_KERNEL"
	chosen=$(mutants_chosen)
	readarray -t plants < <(mutants_plants "$OPT_KERNEL")
	[ -n "$chosen${plants[*]}" ] ||
		die $EXIT_USAGE "--tests: no patch and no good kernel for $OPT_ARCH matches" \
			"'$OPT_TESTS'"
	mutants_headers <<<"$chosen"
	start
	module_for "$OPT_ARCH" || say "no module for $OPT_ARCH: no faults are planted, and left" \
		"out are patches that only kernel_order or module_* can catch"
	command_packages "$OPT_ARCH" "$OPT_KERNEL" -- jq
	need_command jq "results are read with it"
	result_open mutants
	[ ${#plants[@]} = 0 ] || mutants_planted "$OPT_KERNEL" "${plants[@]}"
	while read -r name kernel patch; do
		[ -z "$name" ] || mutant "$name" "$kernel" ${patch:+"$patch"}
	done <<<"$chosen"
	while [ ${#mutants_running[@]} != 0 ]; do
		mutant_end
	done
	jq -s . "$RESULT/judged" >"$RESULT/results.json"
	rm "$RESULT/judged"
	jq -r -L "$VM_COMMANDS" 'include "mutants"; table' "$RESULT/results.json" |
		report_table >"$RESULT/report"
	jq -r -L "$VM_COMMANDS" 'include "mutants"; summary' "$RESULT/results.json" \
		>>"$RESULT/report"
	page_write "Which known-bad kernel is caught, by what?" "$(tail -n 1 "$RESULT/report")"
	code=$(jq -r -L "$VM_COMMANDS" 'include "mutants"; code' "$RESULT/results.json")
	result_close
	cat "$RESULT/report"
	exit "$code"
}
