# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The speed figures of doc/: run_tests.sh bench. What is compared is measured in one run, in
# turns. Sourced by run_tests.sh.

COMMAND_SUMMARY="the speed figures of doc/, measured here"
COMMAND_OPTIONS="tests long $GUEST_OPTIONS"
OPTION_TEXT[tests]="only the parts whose names match"
OPTION_TEXT[long]="a million events on each good kernel, and MariaDB, instead"

BENCH_STARTS=200
BENCH_PAIRS=7
BENCH_PAGES=20
BENCH_BOOTS=${BENCH_BOOTS:-10}
BENCH_MARIADB_STARTS=20
BENCH_MARIADB_LOOPS=40
# of a million events, for each of two variants; the environment may ask for fewer
BENCH_HALF=${BENCH_HALF:-500000}
BENCH_SECONDS=60		# of each case of ring_complete

# bench_guest KERNEL NAME PART [ARGUMENT...]: that part of vm/guest/bench.sh in a guest; what it
# leaves in /results is then in $RESULT/NAME.
bench_guest()
{
	local name=$2

	kernel_check "$1"
	guest_script "$VM_GUEST/bench.sh" "${@:3}"
	kernel_get "$1" "$OPT_ARCH"
	case $3 in
	knobs | loops | defaults | others) module_get "$OPT_ARCH" ;;
	esac
	guest_run "$OPT_ARCH" "$RESULT/$name" "bench: $name" 60
	[ "$GUEST_STATE" = ok ] || die $EXIT_FAIL "$name: $GUEST_REASON"
}

# bench_figure NAME UNIT: numbers, one a line, as one figure: their median is told, with how many
# they are and how far they go, and all are kept for results.json.
bench_figure()
{
	jq -cs --arg name "$1" --arg unit "$2" 'sort | { $name, $unit, median: (if length == 0 then
		null else (.[(length - 1) / 2 | floor] + .[length / 2 | floor]) / 2 end),
		values: . }' >"$SCRATCH/figure"
	cat "$SCRATCH/figure" >>"$RESULT/figures"
	jq -r "$JQ_SHORT"'"\(.name): \(.median | if . then short else "none" end) \(.unit)" +
		if .values | length < 2 then "" else " (median of \(.values | length), " +
		"\(.values[0] | short) to \(.values[-1] | short))" end' "$SCRATCH/figure"
}

# bench_run NAME COMMAND...: adds the seconds that run_tests.sh takes for it to $RESULT/NAME.
bench_run()
{
	local to=$RESULT/$1 begin=$EPOCHREALTIME
	shift

	phase 15 "$SCRATCH/log" "bench: $1" env IO_URING_COHERENCY_OUT="$SCRATCH/runs" \
		"$TOP/run_tests.sh" "$@" --arch "$OPT_ARCH" ||
		die $EXIT_FAIL "$1: $(last_words "$SCRATCH/log")"
	seconds_since "$begin" >>"$to"
}

seconds_since()
{
	awk -v now="$EPOCHREALTIME" -v then="$1" 'BEGIN { print now - then }'
}

# validate with a warm cache against two guests that do nothing, in turns.
bench_validate()
{
	local KERNEL_NEED=registers pair begin

	bench_run cold validate
	for ((pair = 0; pair < BENCH_PAIRS; pair++)); do
		bench_run warm validate
		begin=$EPOCHREALTIME
		bench_guest source:6.1 one nothing
		bench_guest source:6.1 two nothing
		seconds_since "$begin" >>"$RESULT/nothing"
	done
	bench_figure "validate, warm cache" s <"$RESULT/warm"
	bench_figure "two guests that do nothing" s <"$RESULT/nothing"
	paste "$RESULT/warm" "$RESULT/nothing" | awk '{ print $1 / $2 }' |
		bench_figure "validate / two guests that do nothing" ""
}

# A step of bisect after a change in one file against make's own time after the same, in turns.
bench_bisect()
{
	local KERNEL_NEED=registers tree=$SCRATCH/tree copy step begin

	kernel_source source:6.1
	cp -al "$SOURCE_TREE" "$tree"
	copy=$(tree_copy "$tree")
	cleanup_hooks+=(bench_bisect_drop)
	bench_run cold bisect-step "tree:$tree"
	for ((step = 0; step < BENCH_PAIRS; step++)); do
		sed -i "\$a /* $step */" "$tree/io_uring/nop.c"
		bench_run step bisect-step "tree:$tree"
		kernel_objects "$OPT_ARCH" "$copy"
		echo "/* make */" >>"$copy/io_uring/nop.c"
		begin=$EPOCHREALTIME
		phase 5 "$SCRATCH/log" "bench: make" make -C "$copy" O="$KERNEL_OBJECTS" \
			ARCH="${KBUILD_ARCH[$OPT_ARCH]}" -j"$(($(nproc) + 1))" vmlinux \
			CROSS_COMPILE="$(cross_prefix "$OPT_ARCH")"
		seconds_since "$begin" >>"$RESULT/make"
	done
	bench_figure "bisect-step, a change in one file" s <"$RESULT/step"
	bench_figure "make alone, a change in that file" s <"$RESULT/make"
	paste "$RESULT/step" "$RESULT/make" | awk '{ print $1 - $2 }' |
		bench_figure "bisect-step but for make" s
	bench_bisect_drop
}

# What became of the tree in the cache.
bench_bisect_drop()
{
	local copy

	[ -e "$SCRATCH/tree" ] || return 0
	copy=$(tree_copy "$SCRATCH/tree")
	rm -rf "$SCRATCH/tree" "$copy" "$copy.orig" "$CACHE/build/${copy##*/}"-* \
		"$CACHE/timings/"*"${copy##*/}"* "$CACHE/timings/"*"${SCRATCH##*/}"*
}

# The value in the middle of numbers, one a line.
median()
{
	sort -g | awk '{ v[NR] = $1 }
		END { print (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'
}

# When each of these results had its first violation, in ms and events; inf: never, which median()
# sorts last.
bench_violation()
{
	jq -r '[.variants[] | select(.violations > 0)][0] //
		{ first_ms: "inf", first_event: "inf" } | "\(.first_ms) \(.first_event)"' "$@"
}

# 200 fresh starts on each bad kernel, each stopped at its first violation.
bench_first()
{
	local patch=$1 dir=$RESULT/first-$1

	bench_guest "source:6.1+$patch" "first-$patch" starts $BENCH_STARTS
	bench_violation "$dir"/[0-9]*.json >"$dir/first"
	bench_violation "$dir/1.json" | cut -d ' ' -f 1 |
		bench_figure "6.1+$patch, first violation, first start" ms
	rm -f "$dir"/[0-9]*.json
	grep -v inf "$dir/first" >"$dir/found" || true
	wc -l <"$dir/found" | bench_figure "6.1+$patch, starts that found it" "of $BENCH_STARTS"
	cut -d ' ' -f 1 "$dir/found" | bench_figure "6.1+$patch, first violation" ms
	cut -d ' ' -f 2 "$dir/found" | bench_figure "6.1+$patch, first violation, event" ""
}

# 200 fresh starts in Debian's kernel, in each of which the module takes in turn the registers that
# no other plant takes: how many starts found each.
bench_others()
{
	local dir=$RESULT/others-$1 found register

	OPT_ARCH=$1
	OPT_TIMEOUT=3600
	userspace_get "$OPT_ARCH"
	bench_guest distro "others-$1" others $BENCH_STARTS
	# ZA has several
	jq -r '[.variants[].changed | keys[] | sub("\\[.*"; "")] | unique[]' "$dir"/[0-9]*.json |
		sort | uniq -c >"$dir/found"
	while read -r found register; do
		bench_figure "$1, starts that found $register" "of $BENCH_STARTS" <<<"$found"
	done <"$dir/found"
	jq -r '.variants[] | select(.events > 0).events' "$dir"/[0-9]*.json |
		bench_figure "$1, events of a start" ""
	rm -f "$dir"/[0-9]*.json
}

# 200 fresh starts of ring_complete, of the default length, on 6.1 as it is or with a patch, by
# these cases. bench_completions CASE[,CASE...] [PATCH]
bench_completions()
{
	local kernel=6.1${2:++$2} dir=$RESULT/completions-${2:-6.1} name

	OPT_TIMEOUT=3600
	bench_guest "source:$kernel" "${dir##*/}" completions $BENCH_STARTS "$1"
	for name in ${1//,/ }; do
		jq -r --arg name "$name" '.variants[] | select(.name == $name) |
			if .violations > 0 then .first_ms else empty end' "$dir"/[0-9]*.json \
			>"$dir/found"
		wc -l <"$dir/found" | bench_figure "$kernel, starts of $name that found it" \
			"of $BENCH_STARTS"
		bench_figure "$kernel, $name, first violation" ms <"$dir/found"
	done
	rm -f "$dir"/[0-9]*.json
}

# All of them, but for what comes too seldom for that, or not on each machine.
bench_all_completions()
{
	local patch name cases seldom

	# shellcheck source=vm/commands/mutants.sh
	. "$VM_COMMANDS/mutants.sh"
	b completions-6.1 bench_completions drain,signal_cancel,signal_work
	for patch in "$TOP"/vm/patches/*.patch; do
		name=$(basename "$patch" .patch)
		cases=$(mutant_named ring_complete "$patch" | paste -sd ,)
		seldom=$(mutant_header Time "$patch")$(mutant_header Observable "$patch")
		[ -z "$cases" ] || [ -n "$seldom" ] ||
			[ "$(mutant_version "$patch")" != "$MUTANTS_VERSION" ] ||
			b "completions-$name" bench_completions "$cases" "$name"
	done
}

# Events of all cases of ring_complete on a kernel that has none of their bugs: no violation, but by
# the cases that are told.
bench_completion_events()
{
	local dir=$RESULT/completion-events name events violations

	OPT_TIMEOUT=7200
	bench_guest "$1" completion-events completion_events "$BENCH_SECONDS"
	jq -r '.variants[] | select(.events > 0) | "\(.name) \(.events) \(.violations)"' \
		"$dir/ring_complete.json" >"$dir/events"
	while read -r name events violations; do
		bench_figure "$KERNEL_NAME, $name, events" "" <<<"$events"
		bench_figure "$KERNEL_NAME, $name, violations" "" <<<"$violations"
	done <"$dir/events"
}

# Events per second against threads per second of a bare loop, in turns in one guest.
bench_rate()
{
	local dir=$RESULT/rate

	bench_guest source:6.1 rate rates $BENCH_PAIRS
	bench_figure "threads of a bare loop" "per second" <"$dir/threads"
	for variant in poll_wake_default create_worker_cb_default; do
		cat "$dir"/[0-9]*.json | jq -r --arg v $variant '.variants[] |
			select(.name == $v) | .events / .seconds' >"$dir/$variant"
		bench_figure "$variant, events" "per second" <"$dir/$variant"
		paste "$dir/$variant" "$dir/threads" | awk '{ print $1 / $2 }' |
			bench_figure "$variant, events / threads" ""
	done
}

# Events per second on 1, 2, 4 and 8 CPUs, in turns in one guest of 8, and each against those on 2.
# Its idle CPUs spin, so that each has an eighth of what the host has, however many are used.
bench_cpus()
{
	local dir=$RESULT/cpus n OPT_SMP=8 GUEST_APPEND="powersave=off idle=poll nohlt"

	bench_guest distro cpus on_cpus $BENCH_PAIRS 1 2 4 8
	for n in 2 1 4 8; do
		cat "$dir/of-$n"-*.json | jq -r '.variants[] |
			select(.name == "poll_wake_default") | .events / .seconds' >"$dir/$n"
		bench_figure "CPUs: $n, events" "per second" <"$dir/$n"
		paste "$dir/$n" "$dir/2" | awk '{ print $1 / $2 }' |
			bench_figure "CPUs: $n, events / those of 2" ""
	done
}

# Natively: two submitters with a CPU each, at the same time, against each alone.
bench_beside()
{
	local dir=$RESULT/beside what turn

	host_get_all
	mkdir "$dir"
	(cd "$HOST" && "$VM_GUEST/bench.sh" beside $BENCH_PAIRS "$dir")
	for what in alone beside; do
		for ((turn = 1; turn <= BENCH_PAIRS; turn++)); do
			cat "$dir/$what-$turn"-*.json | jq -s 'map(.variants[] |
				select(.name == "poll_wake_default") | .events / .seconds) | add'
		done >"$dir/$what"
		bench_figure "$(uname -m) natively, two submitters $what, events" "per second" \
			<"$dir/$what"
	done
	paste "$dir/beside" "$dir/alone" | awk '{ print $1 / $2 }' |
		bench_figure "two submitters beside / alone, events" ""
}

# Events per second with the module against none, in turns in one guest: loaded and idle; with the
# notification chosen; with probes (action none) at all entry points, at an exit alone, and at all
# ten points. In all but the first deliveries are counted.
bench_module()
{
	local dir=$RESULT/module variant state
	local states="idle notify entries wake_up_exit kick_exit all"

	bench_guest source:6.1 module knobs $((3 * BENCH_PAIRS))
	for variant in poll_wake_default create_worker_cb_default; do
		for state in none $states; do
			cat "$dir/$variant-$state"-*.json | jq -r --arg v $variant '.variants[] |
				select(.name == $v) | .events / .seconds' >"$dir/$variant-$state"
			paste "$dir/$variant-$state" "$dir/$variant-none" |
				awk '{ print $1 / $2 }' >"$dir/ratio-$state"
		done
		bench_figure "$variant, events without the module" "per second" \
			<"$dir/$variant-none"
		for state in $states; do
			bench_figure "$variant, with the module / without, $state" "" \
				<"$dir/ratio-$state"
		done
	done
}

# How long programs of default length take, each and all, in the guest that a kernel gives.
# bench_defaults KERNEL ARCH
bench_defaults()
{
	local dir=$RESULT/defaults-$2 name seconds code

	OPT_ARCH=$2
	userspace_get "$OPT_ARCH"
	bench_guest "$1" "defaults-$OPT_ARCH" defaults
	while read -r name seconds code; do
		bench_figure "$KERNEL_NAME, $OPT_ARCH, $name, code $code" s <<<"$seconds"
	done <"$dir/seconds"
	awk '{ n += $2 } END { print n }' "$dir/seconds" |
		bench_figure "$KERNEL_NAME, $OPT_ARCH, all of them" s
}

# Litmus iterations per second against the same accesses and barriers in two loops that do not meet.
# bench_loops PROGRAM ARGS JQ EDGE...: JQ makes "RATE BARE" of a variant.
bench_loops()
{
	local program=$1 args=$2 rates=$3 dir=$RESULT/$1 edge
	shift 3

	bench_guest source:6.1 "$program" loops $BENCH_PAIRS "$program" "$args" "$@"
	for edge in "$@"; do
		cat "$dir/$edge"-*.json | jq -r --arg e "$edge" \
			".variants[] | select(.name == \$e) | $rates" >"$dir/$edge"
		cut -d ' ' -f 1 "$dir/$edge" |
			bench_figure "$program, $edge, iterations" "per second"
		awk '{ print $1 / $2 }' "$dir/$edge" |
			bench_figure "$program, $edge, iterations / those of bare loops" ""
	done
}

# 20 starts of page_integrity on a disk, each of that many seconds or to its first wrong page.
# bench_pages KERNEL SECONDS
bench_pages()
{
	local kernel=$1 dir name found

	name=pages-${kernel//[^a-z0-9.]/-}
	dir=$RESULT/$name
	OPT_TIMEOUT=7200
	guest_disks
	bench_guest "$kernel" "$name" pages $BENCH_PAGES "$2"
	rm -f "$SCRATCH"/disk.*
	cat "$dir"/[0-9]*.json | jq -r '.variants[] | select(.name == "uring") |
		"\(.stored) \(.first_ms // 0) \(.events)"' >"$dir/first"
	[ "$(wc -l <"$dir/first")" = "$BENCH_PAGES" ] ||
		die $EXIT_FAIL "$name: not all starts gave an answer"
	found=$(grep -vc '^0 ' "$dir/first" || true)
	bench_figure "$KERNEL_NAME, starts that left wrong pages on ext4" "of $BENCH_PAGES" \
		<<<"$found"
	awk '{ n += $3 } END { print n }' "$dir/first" |
		bench_figure "$KERNEL_NAME, pages looked at on ext4" ""
	[ "$found" = 0 ] || grep -v '^0 ' "$dir/first" | cut -d ' ' -f 2 |
		bench_figure "$KERNEL_NAME, first wrong page on ext4" ms
}

# Bytes compared with what they should be in a second, in all views, against those that fio reads
# back and verifies. DIRECTORY WHERE
bench_fio_report()
{
	cat "$1"/ours-*.json | jq -r '.variants[] | select(.name == "uring") |
		16384e-6 * .compared / .seconds' >"$1/ours"
	for i in $(seq "$BENCH_PAIRS"); do
		sed -n '/^{/,$p' "$1/fio-$i" | jq -r '.jobs[0] |
			.read.io_bytes / 1e3 / (.read.runtime + .write.runtime)'
	done >"$1/fio"
	bench_figure "$2, verified by page_integrity" MB/s <"$1/ours"
	bench_figure "$2, verified by fio" MB/s <"$1/fio"
	paste "$1/ours" "$1/fio" | awk '{ print $1 / $2 }' |
		bench_figure "$2, page_integrity / fio" ""
}

bench_fio()
{
	fio_get "$OPT_ARCH"
	bench_guest source:6.1 fio pairs $BENCH_PAIRS /results /dev/shm
	bench_fio_report "$RESULT/fio" "$OPT_ARCH in QEMU"

	need_packages fio
	host_get_all
	mkdir "$RESULT/fio-native"
	(cd "$HOST" && "$VM_GUEST/bench.sh" pairs $BENCH_PAIRS "$RESULT/fio-native" /dev/shm)
	bench_fio_report "$RESULT/fio-native" "$(uname -m) natively"
}

# A million events on a good kernel: no violation. Half of them for each way.
bench_million()
{
	local kernel=$1 dir name counts

	OPT_ARCH=$2
	OPT_TIMEOUT=7200
	name=million-${kernel//[^a-z0-9.]/-}-$OPT_ARCH
	dir=$RESULT/$name
	userspace_get "$OPT_ARCH"
	bench_guest "$kernel" "$name" events "$BENCH_HALF"
	mkdir -p "$dir/all"
	jq -s '{variants: map(.variants[])}' "$dir"/*_default.json >"$dir/all/live_registers.json"
	read -r -a counts < <(evidence "$dir/all")
	say "$KERNEL_NAME, $OPT_ARCH: $("$HOST/verdict" --sentence "${counts[@]}")"
	bench_figure "$KERNEL_NAME, $OPT_ARCH, events" "" <<<"${counts[0]}"
	bench_figure "$KERNEL_NAME, $OPT_ARCH, violations" "" <<<"${counts[1]}"
}

# The three that show the problem, each until its first violation, in the same boot of the bad
# kernel; over ten boots. mtr is one run of minutes, so a boot's figure for each of the others is
# the median of fresh starts: the first alone would tell how QEMU takes code that it has not seen.
# A boot that mtr survives counts with the time that it ran, which makes its median a lower bound.
bench_mariadb()
{
	local boot dir what found=0 bound=

	# shellcheck source=vm/commands/mariadb.sh
	. "$VM_COMMANDS/mariadb.sh"
	OPT_FORM=mtr
	OPT_ARCH=ppc64le
	userspace_get "$OPT_ARCH"
	# as everything here, and no more than run at the same time on two cores
	GIVEN[smp]=yes
	mariadb_memory
	host_get innodb_page
	mariadb_root_get "$OPT_ARCH"
	MARIADB_STARTS=$BENCH_MARIADB_STARTS
	for ((boot = 1; boot <= BENCH_BOOTS; boot++)); do
		dir=$RESULT/mariadb-$boot
		mariadb_guest source:6.1+powerpc-save-clobbers-fp-vmx "$dir" \
			"bench: MariaDB, boot $boot" "$BENCH_MARIADB_LOOPS"
		case $MARIADB_STATE in
		corrupted) found=$((found + 1)) ;;
		passed) bound="at least " ;;
		*) die $EXIT_FAIL "MariaDB, boot $boot: $MARIADB_REASON" ;;
		esac
		{
			for what in live_registers page_integrity; do
				bench_violation "$dir/$what".*.json | cut -d ' ' -f 1 | median
				bench_violation "$dir/$what.1.json" | cut -d ' ' -f 1
			done
			jq -r '.seconds, .loops' "$dir/run.json"
		} | paste -sd ' ' >>"$RESULT/mariadb"
		rm -rf "$dir/pages" "$dir/mtr-log.tar.gz" "$dir"/{live_registers,page_integrity}.*
	done
	GUEST_ROOT=
	! grep -q inf "$RESULT/mariadb" || die $EXIT_FAIL "no violation in $RESULT/mariadb"
	bench_figure "boots in which MariaDB's test failed" "of $BENCH_BOOTS" <<<"$found"
	bench_column "first violation, live_registers" ms 1
	bench_column "first violation, live_registers, first start" ms 2
	bench_column "first violation, page_integrity" ms 3
	bench_column "first violation, page_integrity, first start" ms 4
	bench_column "first violation, ${bound}MariaDB's test" s 5
	bench_column "first violation, ${bound}MariaDB's test, loop" "" 6
	bench_column "page_integrity / live_registers" "" 3 1
	bench_column "${bound}MariaDB's test / live_registers" "" 5 1 1000
	bench_column "${bound}MariaDB's test / live_registers, first start" "" 5 2 1000
}

# bench_column NAME UNIT N [M [FACTOR]]: the figure of column N, or of FACTOR * N / M, of all boots.
bench_column()
{
	awk -v n="$3" -v m="${4:-0}" -v factor="${5:-1}" \
		'{ print m ? factor * $n / $m : $n }' "$RESULT/mariadb" | bench_figure "$1" "$2"
}

# b NAME COMMAND...: one part, if --tests wants it.
b()
{
	[[ $1 =~ $OPT_TESTS ]] || return 0
	bench_parts=$((bench_parts + 1))
	shift
	"$@"
}

run_bench()
{
	local patch arch bench_parts=0

	start
	need_packages jq
	userspace_get "$OPT_ARCH"
	host_get verdict
	result_open bench
	{
		if [ -n "$OPT_LONG" ]; then
			b pages-good bench_pages source:6.1 60
			b million-6.1 bench_million source:6.1 ppc64le
			b million-mainline bench_million source:mainline ppc64le
			b million-6.12 bench_million source:6.12 ppc64le
			b completion-events bench_completion_events source:mainline
			b million-debian-ppc64le bench_million distro ppc64le
			b million-debian-x86_64 bench_million distro x86_64
			b mariadb bench_mariadb
		else
			b validate bench_validate
			b bisect bench_bisect
			b rate bench_rate
			b cpus bench_cpus
			b beside bench_beside
			b module bench_module
			b kernel_order bench_loops kernel_order "-t 2 --bare" '.forms |
				(.kernel, .bare) |= (.iterations / .seconds) |
				"\(.kernel) \(.bare)"' memory_sb memory_mp set_current_state
			b ring_order bench_loops ring_order "-t 2" \
				'"\(.iterations_per_second) \(.bare)"' plain_sb plain_mp
			for patch in powerpc-save-clobbers-fp-vmx powerpc-save-clobbers-fp \
				powerpc-save-clobbers-vmx; do
				b first-$patch bench_first $patch
			done
			for arch in ppc64le x86_64 arm64; do
				b others-$arch bench_others $arch
			done
			bench_all_completions
			b defaults-ppc64le bench_defaults source:6.1 ppc64le
			b defaults-ppc64 bench_defaults source:6.1 ppc64
			b defaults-x86_64 bench_defaults distro x86_64
			b defaults-arm64 bench_defaults distro arm64
			b pages-bad bench_pages source:6.1+powerpc-save-clobbers-fp-vmx 60
			b fio bench_fio
		fi
		[ "$bench_parts" != 0 ] ||
			die $EXIT_USAGE "--tests: no part's name matches '$OPT_TESTS'"
	} > >(tee "$RESULT/report")
	jq -s . "$RESULT/figures" >"$RESULT/results.json"
	rm "$RESULT/figures"
	result_close
}
