# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The test that the report of 2023 began with, MariaDB's own, on a kernel with the problem and on
# one without: run_tests.sh mariadb. mariadb_loop.sh runs it, here it is judged and counted.
# Sourced by run_tests.sh.
#
# A loop is an event, and a violation if MariaDB itself says that a page is corrupt. The base is
# booted MARIADB_BOOTS times, each time until its first violation; the fixed kernel gets as many
# loops as it takes for none to be too surprising at the base's rate (verdict --surprise, by
# Fisher's exact test; evidence.h tells why that is valid for a base that stops at its violation).
# Three boots are where the loops of both kernels together are the fewest: if one in nine fails,
# about 27 and 45, against 9 and 171 with a single boot.

COMMAND_SUMMARY="the test that the report of 2023 began with, MariaDB's own, on two kernels or one"
COMMAND_OPTIONS="kernel base fixed repeat knobs quick native $GUEST_OPTIONS"
OPTION_TEXT[repeat]="loops of a kernel (default: 50; for --fixed what a verdict takes)"
OPTION_TEXT[knobs]="under barrier_ctl with these, such as \"--notify no_ipi\""
OPTION_TEXT[quick]="only make databases and check their pages, in a third of the time"
OPTION_TEXT[native]="on the running kernel, with the mariadb-test installed here"
OPTION_TEXT[smp]="QEMU's CPUs (default: 8)"
OPTION_TEXT[mem]="QEMU's memory (default: 4G)"
OPTION_TEXT[timeout]="for one guest (default: 600, and 30 for each loop)"
OPTION_TEXT[kernel]="just this one; else a verdict on two"

MARIADB_BOOTS=3
MARIADB_LOOPS_MOST=400		# of the fixed kernel, unless --repeat says otherwise

# What a root file system has: MariaDB's test, and what mtr and a shell script call.
MARIADB_PACKAGES="mariadb-server mariadb-test netbase base-files base-passwd bash coreutils dash
	debianutils diffutils findutils grep gzip hostname libc-bin mawk ncurses-bin perl procps
	sed tar util-linux"

# What MariaDB and innochecksum say of a page that is not what was written; nothing else counts.
MARIADB_CORRUPT='page corruption|is corrupted|looks corrupted|[Cc]orrupted page|checksum mismatch'
MARIADB_CORRUPT+='|cannot be decrypted|^Fail: page::'

# --- the root file system: packages unpacked, none of their scripts run, so it takes neither an
# emulator nor root

# mariadb_root_make ARCH DIRECTORY: leaves DIRECTORY/image.
mariadb_root_make()
{
	local arch=${DEB_ARCH[$1]} dir=$2 root=$2/root deb PATH=$PATH:/usr/sbin:/sbin

	mkdir -p "$dir/debs/partial" "$root"/usr/{bin,sbin,lib}
	# shellcheck disable=SC2086 # a list of packages
	apt_private bookworm "$arch" apt-get -q -y -o Dir::Cache::archives="$dir/debs" \
		--no-install-recommends --download-only install $MARIADB_PACKAGES || return
	# as they are on an installed system; base-files brings these only from trixie on
	ln -s usr/bin usr/sbin usr/lib "$root/"
	for deb in "$dir"/debs/*.deb; do
		dpkg-deb --fsys-tarfile "$deb" |
			tar -C "$root" --keep-directory-symlink -xpf - || return
	done
	# what the packages' own scripts would have done, as far as anything here needs it
	ln -s mawk "$root/usr/bin/awk"
	cp "$root/usr/share/base-passwd/passwd.master" "$root/etc/passwd"
	cp "$root/usr/share/base-passwd/group.master" "$root/etc/group"
	echo 127.0.0.1 localhost >"$root/etc/hosts"
	mkdir -p "$root/results"
	mke2fs -q -t ext4 -O ^has_journal -m 0 -d "$root" "$dir/image" 1200M
}

# mariadb_root_get ARCH: sets GUEST_ROOT, an image; whole in the cache or not at all.
mariadb_root_get()
{
	local arch=$1 key dir

	key=$(declare -p MARIADB_PACKAGES && declare -f mariadb_root_make)
	dir=$CACHE/mariadb/$arch-$(sha256sum <<<"$key" | cut -c 1-12)
	GUEST_ROOT=$dir/image
	locked mariadb "makes MariaDB's root file system"
	if [ ! -e "$GUEST_ROOT" ]; then
		need_space "$CACHE" 2500
		need_packages e2fsprogs
		need_command dpkg-deb "MariaDB for guests comes from Debian's packages"
		need_command apt-get "MariaDB for guests comes from Debian's packages"
		debian_suite bookworm "${DEB_ARCH[$arch]}" ||
			die $EXIT_SKIP "$(debian_away bookworm "${DEB_ARCH[$arch]}")"
		mkdir -p "$CACHE/mariadb"
		MARIADB_PARTIAL=$dir.partial
		cleanup_hooks+=(mariadb_root_drop)
		phase 40 "$SCRATCH/log" "root file system with MariaDB" \
			mariadb_root_make "$arch" "$dir.partial" ||
			die $EXIT_SKIP "no root file system with MariaDB:" \
				"$(last_words "$SCRATCH/log")"
		rm -rf "$dir.partial/root" "$dir.partial/debs"
		mv -T "$dir.partial" "$dir"
	fi
	unlock mariadb
}

mariadb_root_drop()
{
	rm -rf "$MARIADB_PARTIAL"
}

# --- one run

# Where distributions have it, Debian's first; the environment may name another.
MTR_PLACES="${MTR_DIR:-} /usr/share/mysql/mysql-test /usr/share/mariadb/mysql-test
	/usr/share/mysql-test /usr/share/mariadb-test"

# How often the detectors start in the guest, before it.
MARIADB_STARTS=0

# Where loops are many, they are not told one by one.
MARIADB_SILENT=

# mariadb_guest KERNEL DIRECTORY NAME LOOPS: runs it in a guest, and judges.
mariadb_guest()
{
	local kernel=$1 dir=$2 name=$3 loops=$4 OPT_TIMEOUT=$OPT_TIMEOUT

	[ -n "${GIVEN[timeout]:-}" ] || OPT_TIMEOUT=$((600 + 30 * loops))
	kernel_get "$kernel" "$OPT_ARCH"
	[ -z "$OPT_KNOBS" ] || module_get "$OPT_ARCH"
	cp "$VM_GUEST/mariadb_loop.sh" "$SCRATCH/guest.mariadb_loop"
	guest_script "$VM_GUEST/mariadb.sh" "$OPT_FORM" "$loops" "$MARIADB_STARTS" "$OPT_KNOBS"
	mkdir -p "$dir"
	[ -n "$MARIADB_SILENT" ] || mariadb_follow "$dir/console"
	guest_run "$OPT_ARCH" "$dir" "$name" $((40 + 12 * loops))
	mariadb_unfollow
	mariadb_judge "$dir" "$loops" "$KERNEL_NAME"
	[ "$GUEST_STATE" = ok ] || guest_console "$dir"
}

# mariadb_native DIRECTORY LOOPS: the same on the running kernel.
MARIADB_VARDIR=/dev/shm/mysql
mariadb_native()
{
	local dir=$1 loops=$2 command

	mkdir -p "$dir"
	command=(sh "$VM_GUEST/mariadb_loop.sh" "$OPT_FORM" "$loops" "$dir" "$MARIADB_VARDIR"
		"$MTR_NATIVE")
	# shellcheck disable=SC2206 # words
	[ -z "$OPT_KNOBS" ] ||
		command=("$HOST/barrier_ctl" $OPT_KNOBS --json "$dir/knobs.json" -- "${command[@]}")
	GUEST_STATE=ok GUEST_REASON=
	mariadb_native_run() { "${command[@]}" 2>"$dir/errors"; }
	cleanup_hooks+=(mariadb_native_drop)
	mariadb_follow "$dir/console"
	phase $((10 + 4 * loops)) "$dir/console" "run natively" mariadb_native_run || true
	mariadb_unfollow
	mariadb_native_drop
	mariadb_judge "$dir" "$loops" "the running kernel ($(uname -m))"
}

mariadb_native_drop()
{
	rm -rf "$MARIADB_VARDIR"
}

# Loops are told as they end: mariadb_follow FILE, until mariadb_unfollow.
FOLLOWER=
mariadb_follow()
{
	local clear=

	[ ! -t 1 ] || clear=$'\r\033[K'
	: >"$1"
	set -m
	(tail -n +1 -s 0.3 -F "$1" 2>/dev/null | mariadb_loops "$clear") &
	FOLLOWER=$!
	set +m
	cleanup_hooks+=(mariadb_unfollow)
}

# each once, though guest_run() writes the file anew
mariadb_loops()
{
	local line last=0

	while IFS= read -r line; do
		[[ $line =~ ^coherency:\ (loop\ ([0-9]+)\ .*\ s) ]] || continue
		[ "${BASH_REMATCH[2]}" -gt "$last" ] || continue
		last=${BASH_REMATCH[2]}
		printf '%s  %s\n' "$1" "${BASH_REMATCH[1]}"
	done
}

mariadb_unfollow()
{
	[ -n "$FOLLOWER" ] || return 0
	sleep 1		# for the last line
	kill -TERM -- "-$FOLLOWER" 2>/dev/null || true
	wait "$FOLLOWER" 2>/dev/null || true
	FOLLOWER=
}

# --- what a run says

# mariadb_judge DIRECTORY LOOPS KERNEL: from what mariadb_loop.sh left there, and GUEST_STATE, makes
# DIRECTORY/run.json and sets MARIADB_STATE and MARIADB_REASON:
#
#	passed		as many loops as were asked for, by io_uring
#	corrupted	MariaDB says so of a page; the reason is its message
#	unwell		the kernel reported a fault of its own
#	unknown		anything else: nothing was learned about this kernel
mariadb_judge()
{
	local dir=$1 loops=$2 kernel=$3 message aio code passed file page sums

	# the error logs of the servers, mtr's or mariadb-install-db's output
	message=$(mariadb_logs "$dir" | grep -m 1 -aE "$MARIADB_CORRUPT" || true)
	[ -n "$message" ] || [ ! -s "$dir/damage" ] || [ "$OPT_FORM" = mtr ] ||
		message="innochecksum: $(wc -l <"$dir/damage") page(s) with a wrong checksum"
	code=$(cat "$dir/code" 2>/dev/null || echo none)
	passed=$(grep -c ' passed ' "$dir/loops" 2>/dev/null || true)
	aio=$(mariadb_no_io_uring "$dir")
	MARIADB_STATE=unknown MARIADB_REASON=
	if [ "$GUEST_STATE" = unwell ]; then
		MARIADB_STATE=unwell MARIADB_REASON=$GUEST_REASON
	elif [ "$GUEST_STATE" != ok ]; then
		MARIADB_REASON=$GUEST_REASON
		loops=$(grep -c '^coherency: loop' "$dir/console" 2>/dev/null || true)
		[ "$GUEST_STATE" != dead ] || MARIADB_REASON+=", after ${loops:-0} loops"
	elif [ "$code" != 0 ] && [ -n "$message" ] && [ -z "$aio" ]; then
		MARIADB_STATE=corrupted MARIADB_REASON=$message
	elif [ "$code" != 0 ] && [ -n "$message" ]; then
		MARIADB_REASON="a corrupt page, but $aio"
	elif [ "$code" != 0 ] || [ "${passed:-0}" -lt "$loops" ]; then
		MARIADB_REASON=$(mariadb_other "$dir")
	elif [ -n "$aio" ]; then
		MARIADB_REASON=$aio
	else
		MARIADB_STATE=passed
	fi
	[ ! -s "$dir/damage" ] || while read -r file page; do
		read -r -a sums < <("$HOST/innodb_page" \
			"$dir/pages/${file//\//_}.$page") || continue
		printf '%s %s %s %s %08x\n' "$file" "$page" "${sums[@]}" \
			$((0x${sums[0]} ^ 0x${sums[1]}))
	done <"$dir/damage" >"$SCRATCH/damage"
	[ -s "$dir/damage" ] || : >"$SCRATCH/damage"
	MARIADB_REASON=$(sed -E 's/^[[:blank:]]*//; s/^[0-9-]+ +[0-9:]+ +[0-9]+ +//' \
		<<<"$MARIADB_REASON")
	jq -n --arg kernel "$kernel" --arg state "$MARIADB_STATE" --arg reason "$MARIADB_REASON" \
		--arg knobs "$OPT_KNOBS" --arg aio "$aio" \
		--arg linux "$(cat "$dir/linux" 2>/dev/null || true)" \
		--arg mariadb "$(sed -E 's/.* Ver ([^ ]*).*/\1/' "$dir/mariadb" 2>/dev/null)" \
		--arg command "$(cat "$dir/command" 2>/dev/null || true)" \
		--arg ended "$(cat "$dir/seconds" 2>/dev/null || true)" \
		--rawfile loops <(cat "$dir/loops" 2>/dev/null || true) \
		--rawfile damage "$SCRATCH/damage" '
		def lines: split("\n") | map(select(. != "") | split(" "));
		($loops | lines) as $all |
		([$all[] | select(.[1] == "passed")] | length) as $passed |
		($state == "corrupted") as $bad |
		{kernel: $kernel, linux: $linux, mariadb: $mariadb, command: $command,
		knobs: $knobs, state: $state, reason: $reason, io_uring: ($aio == ""),
		loops: (if $bad then $passed + 1 else $passed end),
		failures: (if $bad then 1 else 0 end),
		seconds: (if $bad and ($all | length) == $passed and $ended != ""
			then $ended else ($all | last // [0, 0, 0, "0"])[3] end | tonumber),
		seconds_of_loops: ($all | map(.[2] | tonumber)),
		damage: ($damage | lines | map({file: .[0], page: (.[1] | tonumber),
			stored: .[2], computed: .[3], xor: .[4]}))}' >"$dir/run.json"
}

mariadb_logs()
{
	cat "$1"/*.err "$1/bootstrap.log" "$1/output" 2>/dev/null || true
}

# mariadb_no_io_uring DIRECTORY: why the servers' I/O was not io_uring's, or nothing.
mariadb_no_io_uring()
{
	local line

	line=$(cat "$1"/*.err 2>/dev/null | grep -a -m 1 -E \
		'io_uring_queue_init.*failed|native AIO failed|falling back|Linux native AIO' ||
		true)
	if [ -n "$line" ]; then
		say "MariaDB did not use io_uring: $line"
	elif ! grep -aqs 'InnoDB: Using \(io_uring\|liburing\)' "$1"/*.err; then
		say "MariaDB does not say that it used io_uring"
	fi
}

# mariadb_other DIRECTORY: what ended a run that no corrupt page did: in MariaDB's or mtr's words,
# or barrier_ctl's.
mariadb_other()
{
	local line=

	# without this file the loop did not begin
	[ -e "$1/linux" ] || line=$(grep -a '^barrier_ctl: ' "$1/errors" 2>/dev/null |
		tail -n 1 || true)
	[ -n "$line" ] || line=$(mariadb_logs "$1" | grep -a -m 1 -iE \
		'timeout after|No space left|Out of memory|Cannot allocate memory' || true)
	[ -n "$line" ] || line=$(cat "$1/output" "$1/bootstrap.log" "$1"/*.err 2>/dev/null |
		grep -a -m 1 -E 'mysqltest: At line|ERROR|got signal|\[ (skipped|disabled) \]' ||
		true)
	[ -n "$line" ] || line=$(cat "$1/output" "$1/errors" 2>/dev/null |
		grep -av '^$' | tail -n 1 || true)
	case $line in
	barrier_ctl:* | 'this kernel has no disk'*) say "$line" ;;
	'') say "MariaDB's test did not start" ;;
	*) say "MariaDB's test failed for another reason: $line" ;;
	esac
}

# mariadb_field FILTER DIRECTORY...: jq's answer over runs.
mariadb_field()
{
	local filter=$1
	shift
	jq -rs "$filter" "${@/%//run.json}"
}

# mariadb_column NAME DIRECTORY...: the lines of one column of the table.
mariadb_column()
{
	local name=$1 loops failures low_high
	shift

	read -r loops failures < <(mariadb_counts "$@")
	say "$name"
	mariadb_field '.[0] | .kernel, .linux, .mariadb | if . == "" then "-" else . end' "$@"
	say "$(mariadb_field 'map(.loops) | join(" + ")' "$@")"
	say "$failures"
	low_high=$("$HOST/verdict" --interval "$loops" "$failures")
	if [ "$loops" = 0 ]; then
		say "-"
	elif [ "$failures" = 0 ]; then
		say "< ${low_high#* }"
	else
		say "${low_high% *} to ${low_high#* }"
	fi
	mariadb_field '[.[].seconds_of_loops[]] | sort |
		if length > 0 then .[length / 2 | floor] else "-" end' "$@"
	say "$(mariadb_field '[.[] | select(.failures > 0) |
		"loop \(.loops) (\(.seconds | floor) s)"] | join(", ") |
		if . == "" then "none" else . end' "$@")"
	say "$(mariadb_field '[.[].damage | length] | add' "$@")"
}

mariadb_rows()
{
	printf '%s\n' '' kernel linux mariadb loops failures 'rate (95 %)' 'seconds a loop' \
		'first failure' 'damaged pages'
}

# mariadb_counts DIRECTORY...: "LOOPS FAILURES"; they add up.
mariadb_counts()
{
	mariadb_field '"\(map(.loops) | add) \(map(.failures) | add)"' "$@"
}

# MariaDB's message of each failure, and the damage: what is stored against what belongs there.
mariadb_tell()
{
	local dir

	for dir in "$@"; do
		jq -r 'select(.failures > 0) | "loop \(.loops): \(.reason)",
			(.damage[] | "  \(.file) page \(.page): checksum stored \(.stored)," +
			" computed \(.computed), XOR \(.xor)")' "$dir/run.json"
	done
}

# --- the command

mariadb_kernel_check()
{
	kernel_check "$1"
	[ "$1" != distro ] || die $EXIT_USAGE "Debian's own kernels have the disk's driver in a" \
		"module: give source:, tree: or image:"
}

# What can be seen to be wrong before any work is done.
mariadb_options()
{
	local words=() kernel name

	OPT_FORM=mtr
	[ -z "$OPT_QUICK" ] || OPT_FORM=quick
	if [ -n "$OPT_NATIVE" ]; then
		for name in kernel base fixed $GUEST_OPTIONS; do
			[ -z "${GIVEN[$name]:-}" ] ||
				die $EXIT_USAGE "--native is about the running kernel: no --$name"
		done
	elif [ -n "${GIVEN[kernel]:-}" ]; then
		[ -z "${GIVEN[base]:-}${GIVEN[fixed]:-}" ] ||
			die $EXIT_USAGE "give --kernel, or --base and --fixed"
	fi
	for kernel in "$OPT_KERNEL" "$OPT_BASE" "$OPT_FIXED"; do
		mariadb_kernel_check "$kernel"
	done
	read -r -a words <<<"$OPT_KNOBS"
	set -- "${words[@]}"
	while [ $# -gt 0 ]; do
		case $1 in
		--notify | --at | --workers)
			[ $# -gt 1 ] || die $EXIT_USAGE "--knobs: $1 needs a value"
			shift
			;;
		--ignore-missing | --account | --pin-workers) ;;
		--notify=* | --at=* | --workers=*) ;;
		*) die $EXIT_USAGE "--knobs: '$1' is no option of barrier_ctl for this" ;;
		esac
		shift
	done
	OPT_KNOBS=${words[*]}
}

# barrier_ctl on this machine knows all points and actions, whatever this kernel supports.
mariadb_knobs()
{
	local words code=0

	[ -n "$OPT_KNOBS" ] || return 0
	host_get barrier_ctl
	read -r -a words <<<"$OPT_KNOBS"
	# --list goes with nothing else, so what is wrong is only looked for
	"$HOST/barrier_ctl" "${words[@]}" --json /nowhere/at/all -- true \
		>"$SCRATCH/log" 2>&1 || code=$?
	grep -q 'cannot write /nowhere' "$SCRATCH/log" ||
		die $EXIT_USAGE "--knobs: $(last_words "$SCRATCH/log" | sed 's/^barrier_ctl: //')"
}

# Memory for a guest: what its kernel and processes need, and MariaDB's files.
mariadb_memory()
{
	local need free

	mariadb_size
	need=${OPT_MEM%[MG]}
	[ "${OPT_MEM: -1}" = M ] || need=$((need * 1024))
	free=$(awk '$1 == "MemAvailable:" { print int($2 / 1024) }' /proc/meminfo)
	[ "$free" -ge "$need" ] ||
		die $EXIT_SKIP "no memory: $free MiB are free, the guest needs $need MiB (--mem)"
}

# With more CPUs, even if they are more than the host's, io-wq's workers wait for each other more
# often, and so more of them are created by task_work: 1 in 12 loops of mtr with two CPUs, 2 in 8
# with four, 9 in 8 with eight (barrier_ctl --account; 6.1, QEMU TCG on two cores).
mariadb_size()
{
	[ -n "${GIVEN[mem]:-}" ] || OPT_MEM=4G
	[ -n "${GIVEN[smp]:-}" ] || OPT_SMP=8
}

run_mariadb()
{
	mariadb_options
	if [ -n "$OPT_NATIVE" ]; then
		mariadb_native_need
	else
		mariadb_memory
	fi
	start
	need_packages jq
	need_command jq "results are read with it"
	ANSWERS=run.json
	mariadb_knobs
	if [ -n "$OPT_NATIVE" ]; then
		kselftest_get
		host_get verdict innodb_page
		result_open mariadb
		mariadb_native "$RESULT/run" "$OPT_REPEAT"
		mariadb_one
	fi
	mariadb_root_get "$OPT_ARCH"
	userspace_get "$OPT_ARCH"
	host_get verdict innodb_page
	result_open mariadb
	if [ -n "${GIVEN[kernel]:-}" ]; then
		mariadb_guest "$OPT_KERNEL" "$RESULT/run" "run in QEMU" "$OPT_REPEAT"
		mariadb_one
	fi
	mariadb_two
}

mariadb_native_need()
{
	local dir

	[ ! -e "$MARIADB_VARDIR" ] ||
		die $EXIT_SKIP "there is a $MARIADB_VARDIR already, and mtr would empty it"
	MTR_NATIVE=
	if [ "$OPT_FORM" = quick ]; then
		need_command mariadb-install-db "it comes with MariaDB's server"
		need_command innochecksum "it comes with MariaDB's server"
		return
	fi
	for dir in $MTR_PLACES; do
		[ ! -x "$dir/mtr" ] || [ -n "$MTR_NATIVE" ] || MTR_NATIVE=$dir
	done
	[ -n "$MTR_NATIVE" ] ||
		die $EXIT_SKIP "MariaDB's own tests are missing: install the package mariadb-test"
}

# The answer of one kernel, in $RESULT/run.
mariadb_one()
{
	local counts

	read -r -a counts < <(mariadb_counts "$RESULT/run")
	paste -d '|' <(mariadb_rows) <(mariadb_column "" "$RESULT/run") | column_align |
		tail -n +2 | tee "$RESULT/report"
	mariadb_tell "$RESULT/run"
	cp "$RESULT/run/run.json" "$RESULT/results.json"
	result_close
	case $MARIADB_STATE in
	passed)
		say "$("$HOST/verdict" --sentence "${counts[@]}")"
		exit 0
		;;
	corrupted)
		say "corrupted: $("$HOST/verdict" --sentence "${counts[@]}")"
		exit $EXIT_FAIL
		;;
	unwell) die $EXIT_FAIL "$MARIADB_REASON" ;;
	*) die $EXIT_SKIP "$MARIADB_REASON" ;;
	esac
}

# Two kernels and a verdict, with validate's words and codes.
mariadb_two()
{
	local boot base fixed line code=0 need

	RUNS=()
	for ((boot = 1; boot <= MARIADB_BOOTS; boot++)); do
		mariadb_guest "$OPT_BASE" "$RESULT/base-$boot" "base: boot $boot" "$OPT_REPEAT"
		RUNS+=("$RESULT/base-$boot")
		case $MARIADB_STATE in
		unknown | unwell) mariadb_inconclusive "base: $MARIADB_REASON" ;;
		esac
		read -r -a base < <(mariadb_counts "${RUNS[@]}")
		[ "${base[1]}" != 0 ] || mariadb_inconclusive \
			"the base does not show the problem in ${base[0]} loops"
	done
	need=$OPT_REPEAT
	if [ -z "${GIVEN[repeat]:-}" ]; then
		need=$("$HOST/verdict" --needed "${base[@]}")
		[ "$need" -le "$MARIADB_LOOPS_MOST" ] || mariadb_inconclusive \
			"the base fails so rarely that it takes $need loops, ask by --repeat $need"
	fi
	mariadb_guest "$OPT_FIXED" "$RESULT/fixed" "fixed: $need loops" "$need"
	read -r -a fixed < <(mariadb_counts "$RESULT/fixed")
	case $MARIADB_STATE in
	unknown) mariadb_inconclusive "fixed: $MARIADB_REASON" ;;
	unwell)
		line="verdict: NOT FIXED (fixed: $MARIADB_REASON)"
		code=$EXIT_FAIL
		;;
	*) line=$("$HOST/verdict" --surprise "${base[@]}" "${fixed[@]}") || code=$? ;;
	esac
	mariadb_report
	verdict_close "$line" "$code"
}

mariadb_inconclusive()
{
	mariadb_report
	inconclusive "$1"
}

# The table of the base's RUNS, and of the fixed kernel if it came to that.
mariadb_report()
{
	local fixed=()

	[ ! -e "$RESULT/fixed/run.json" ] || fixed=("$RESULT/fixed")
	{
		paste -d '|' <(mariadb_rows) <(mariadb_column base "${RUNS[@]}") \
			<([ ${#fixed[@]} = 0 ] || mariadb_column fixed "${fixed[@]}") | column_align
		mariadb_tell "${RUNS[@]}" "${fixed[@]}"
	} | tee "$RESULT/report"
}
