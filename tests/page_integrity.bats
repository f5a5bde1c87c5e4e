#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
#
# page_integrity on this machine, and with faults.

# bats file_tags=quick
# shellcheck source=tests/lib.bash
. "$BATS_TEST_DIRNAME/lib.bash"

# pages_skip REASON COMMAND...: exit code 4, and each engine of it has this reason.
pages_skip()
{
	local reason=$1 code=0

	shift
	"$@" >"$SCRATCH/out" 2>&1 || code=$?
	cat "$SCRATCH/out"
	[ "$code" = 4 ]
	grep "^# .*$reason" "$SCRATCH/out"
	grep "^ok .* # SKIP" "$SCRATCH/out"
}

# page_integrity where it cannot do its work: skipped with the reason, and nothing is left.
check_pages_skipped()
{
	local program=$HOST/page_integrity

	[ "$(id -u)" = 0 ] || skip "needs root to mount a small file system"
	mkdir "$SCRATCH/small"
	unshare -m mount -t tmpfs none "$SCRATCH/small" 2>/dev/null || skip "cannot mount here"
	# shellcheck disable=SC2016 # expanded by the inner shell
	pages_skip "No space left on device" unshare -m sh -c '
		mount -t tmpfs -o size=4m none "$0" || exit 1
		"$1" --dir "$0"
		code=$?
		[ -z "$(ls "$0")" ] && exit $code' "$SCRATCH/small" "$program"
	# shellcheck disable=SC2016 # as above
	pages_skip "has no O_DIRECT" unshare -m sh -c '
		mount -t ramfs none "$0" || exit 1
		"$1" --direct --dir "$0"' "$SCRATCH/small" "$program"
	pages_skip "no room for a file system in /proc" "$program" --fs ext4 --dir /proc
	pages_skip "needs root" setpriv --bounding-set=-sys_admin "$program" --fs tmpfs
	pages_skip "forbidden (seccomp)" "$HOST/without_io_uring" "$program" --engine uring -t 0.1
	pages_skip "RLIMIT_MEMLOCK too small" setpriv --bounding-set=-ipc_lock \
		prlimit --memlock=65536 "$program" --engine uring_fixed -t 0.1
	# shellcheck disable=SC2016 # as above
	pages_skip "verifying fails" sh -c 'ulimit -v 12288 && "$0" -t 0.1' "$program"
	pages_skip "Too many open files\|not enough file descriptors" \
		prlimit --nofile=16 "$program" --engine uring -t 0.1
}

# What a kernel could do wrong, by what it is to be found as: in which class, and where first; and
# in pieces of how many bytes, at multiples of as many. Each of page_faults.c, or more classes for
# one that comes to two pages.
PAGE_FAULTS='
	tail1		register hole		cache
	tail16		register hole		cache
	head4k		mosaic			cache		4096
	mid4k		mosaic			cache		4096
	line64		mosaic			cache		64
	line128		mosaic			cache		128
	torn		torn			cache
	drop		stale			cache
	file		stale,misplaced		cache
	offset		stale,misplaced		cache
	sentinel	misplaced		cache
	zeroes		zeroes			cache
	flip		register hole		cache
	flips		other			cache
	beyond		beyond the end		end
	trunc		beyond the end		end
	short		wrong result		result
	nothing		wrong result		result
	eio		wrong result		result
	eagain		wrong result		result
	ecanceled	wrong result		result
	scribble	register hole		memory_after
	scribble_first	register hole		memory_after
	late		stale			readback
	rdrop		not read		readback
	rtail		not read		readback	64
	rtail1		not read		readback	1
	rother		misplaced		readback
	rzeroes		zeroes			readback
	rflip		register hole		readback
	rover		beyond the buffer	readback
	rshort		wrong result		result
	reio		wrong result		result
	vdrop		not read		cache
	uwild		wrong result		result
	unext		wrong result		result
	uold		wrong result		result
'

# Each of them, once in a whole run and at one transfer in 50, is found, and nothing else; and not
# one that is not there.
check_page_faults()
{
	local program=$HOST/page_integrity kind classes place piece engine every most code
	local json=$SCRATCH/faults.json

	fault_get page_faults.so
	while IFS=$'\t' read -r kind classes place piece; do
		[ -n "$kind" ] || continue
		for every in 0 50; do
			engine=thread
			most=200
			# these end the run
			if [ "${kind:0:1}" = u ]; then
				engine=uring
				most=3
			fi
			: >"$SCRATCH/log"
			code=0
			PAGE_FAULT=$kind PAGE_FAULT_AT=$((1 + RANDOM % (every ? 3 : most))) \
				PAGE_FAULT_EVERY=$every PAGE_FAULT_LOG=$SCRATCH/log \
				LD_PRELOAD=$HOST/page_faults.so "$program" --no-module -t 0.1 \
				--dir /dev/shm --engine $engine --size 512K --json "$json" \
				>"$SCRATCH/out" 2>&1 || code=$?
			say "$kind, every $every: $(wc -l <"$SCRATCH/log") faults:" \
				"$(jq -r --arg e $engine \
					'.variants[] | select(.name == $e) | .text' "$json")"
			! grep "# SKIP no io_uring" "$SCRATCH/out" || continue
			[ $code = 1 ] || { cat "$SCRATCH/out"; fail "code $code"; }
			jq -e --arg e $engine --arg classes "$classes" --arg place "$place" \
				--argjson once $((every == 0)) --argjson piece "${piece:-0}" \
				'.variants[] | select(.name == $e) |
				.outcome == "fail" and .places == {($place): .violations} and
				(.classes | keys - ($classes / ",") == []) and
				([.classes[]] | add) == .violations and
				($piece == 0 or (.samples | map(.piece == $piece and
					.multiple_of == $piece) | all)) and
				.violations <= (if $once == 1 then $classes / "," | length
					else .violations end)' "$json" >/dev/null
		done
	done < <(tr -s '\t' <<<"$PAGE_FAULTS" | sed 's/^\t//')
	LD_PRELOAD=$HOST/page_faults.so "$program" --no-module -t 0.1 --dir /dev/shm \
		--engine thread
}

# A file system of the program's own, in each view; then killed: neither process, file, mount nor
# loop device is left.
check_pages_own_fs()
{
	local program=$HOST/page_integrity fs after pid loops

	[ "$(id -u)" = 0 ] || skip "needs root for a file system of its own"
	[ -e /dev/loop-control ] || skip "this kernel has no loop devices"
	need_packages e2fsprogs xfsprogs btrfs-progs
	loops=$(losetup -a)
	for fs in tmpfs ext4 xfs btrfs; do
		! grep -qv nodev /proc/filesystems || grep -qw $fs /proc/filesystems || continue
		"$program" --fs $fs -t 0.2 --engine thread --json "$SCRATCH/$fs.json"
	done
	jq -e '[.variants[] | select(.views | length == 8)] | length == 1' "$SCRATCH/ext4.json"
	# while a mount is looked at, while a copy of it is, and early in a default run
	for after in 'RUN *engine.uring.pages' 'RUN *engine.thread.pages' 'RUN *global.*_disk'; do
		case $after in
		*global*) set -- "$program" ;;
		*) set -- "$program" --fs xfs -t 60 --dir "$SCRATCH" ;;
		esac
		[[ $after != *thread* ]] || set -- "$@" --engine thread
		"$@" >"$SCRATCH/out" 2>&1 &
		pid=$!
		until grep -q "$after" "$SCRATCH/out" || ! kill -0 $pid; do
			sleep 0.1
		done
		sleep "0.$((RANDOM % 5))"
		kill -KILL $pid
		wait $pid || true
		for _ in $(seq 50); do
			! pgrep -f "^$program" && [ "$(losetup -a)" = "$loops" ] && break
			sleep 0.2
		done
		! pgrep -f "^$program" || fail "a process is left"
		[ "$(losetup -a)" = "$loops" ]
	done
	rm -f "$SCRATCH"/{tmpfs,ext4,xfs,btrfs}.json "$SCRATCH/out"
	[ -z "$(ls "$SCRATCH")" ]
}

# pages_fault KIND CODE JQ ARGS...: page_integrity's engine "thread" with that fault of its disk.
pages_fault()
{
	local code=0

	LD_PRELOAD=$HOST/page_faults.so PAGE_FAULT=$1 "$HOST/page_integrity" --no-module \
		--engine thread --json "$SCRATCH/json" "${@:4}" >"$SCRATCH/out" 2>&1 || code=$?
	[ "$code" = "$2" ] && jq -e ".variants[] | select(.name == \"thread\") | $3" \
		"$SCRATCH/json" >/dev/null || {
		cat "$SCRATCH/out"
		fail "$1 ended with code $code, and not with $2 and $3"
	}
}

# What is on the disk: an fsync that does nothing, once in a run; damage that the page cache does
# not have; and views that do not look at the disk, which have no answer.
check_pages_disk_faults()
{
	[ "$(id -u)" = 0 ] || skip "needs root for a file system of its own"
	[ -e /dev/loop-control ] || skip "this kernel has no loop devices"
	need_packages e2fsprogs
	fault_get page_faults.so
	for _ in $(seq 20); do
		pages_fault sync_lost 1 '.classes == {stale: .violations} and
			.places == {unsynced: .violations} and
			.looks.crash.violations == .violations and .looks.cache.violations == 0 and
			.looks.direct.violations == 0' --fs ext4 -t 0.1
	done
	pages_fault sync_lost 1 '.outcome == "pass"'
	jq -e '.variants[] | select(.name == "thread_disk") | .places.unsynced > 0' "$SCRATCH/json"
	pages_fault sync_fails 1 '.classes == {"wrong result": 1} and .places == {result: 1}' \
		--fs ext4 -t 0.1
	pages_fault sync_rots 1 '.places == {disk: 1} and .looks.cache.violations == 0 and
		([.looks.direct, .looks.dropped, .looks.crash | .violations] == [1, 1, 1])' \
		--fs ext4 -t 0.1
	pages_fault no_drop 0 '.views - ["direct", "dropped"] == .views and
		.looks.crash.events > 0' --fs ext4
	grep '^# damage on the disk is not seen in: direct, dropped$' "$SCRATCH/out"
	pages_fault no_direct 0 '.views - ["direct"] == .views and
		.looks.dropped.events > 0' --fs ext4
	grep 'no answer, as the control failed, in: direct$' "$SCRATCH/out"
	pages_fault none 0 '[.looks.direct, .looks.dropped, .looks.crash | .events > 500] | all' \
		--fs ext4
}

# The default run's disk where there is none: the reason, and an answer from tmpfs.
check_pages_no_disk()
{
	local program=$HOST/page_integrity

	[ "$(id -u)" = 0 ] || skip "needs root to hide what there is"
	unshare -m mount -t tmpfs none /var/tmp 2>/dev/null || skip "cannot mount here"
	mkdir "$SCRATCH/small"
	# without_disk COMMAND REASON: skipped on a disk for this reason
	without_disk() {
		# shellcheck disable=SC2016 # expanded by the inner shell
		env -u TMPDIR unshare -m sh -c 'mount -t tmpfs none /var/tmp && cd /var/tmp &&
			{ '"$1"'; } && exec "$0" --engine thread --no-module' "$program" \
			>"$SCRATCH/out" 2>&1
		cat "$SCRATCH/out"
		[ "$(grep -c "^# thread_disk.*: $2.*; and no directory on a disk" \
			"$SCRATCH/out")" = 2 ]
		[ "$(grep -c "^ok .* # SKIP no such disk" "$SCRATCH/out")" = 3 ]
	}
	without_disk 'mount --bind /dev/null /dev/loop-control' 'no loop device: '
	without_disk 'mount -t tmpfs none /usr/sbin' 'mkfs.ext4: No such file or directory'
	# the image fits neither there nor here
	without_disk 'mount -t tmpfs -o size=50m none /dev/shm &&
		mount -t tmpfs -o size=50m none /var/tmp && cd /var/tmp' \
		'no room for a file system in /dev/shm: '
	pages_skip "no room for a file system in .*: .* MiB are needed, 20 are left" \
		unshare -m sh -c "mount -t tmpfs -o size=20m none $SCRATCH/small &&
		$program --fs ext4 --dir $SCRATCH/small"
	# who may not mount has a directory, or says why not
	setpriv --bounding-set=-sys_admin "$program" --engine thread --no-module \
		>"$SCRATCH/out" 2>&1
	grep '^# disk: /.*; a file system of its own needs root$' "$SCRATCH/out" ||
		grep '^# thread_disk: a file system of its own needs root; and no directory' \
			"$SCRATCH/out"
}

@test "pages-skipped" { t check_pages_skipped; }
@test "page-faults" { t check_page_faults; }
@test "pages-own-fs" { t check_pages_own_fs; }
@test "pages-disk-faults" { t check_pages_disk_faults; }
@test "pages-no-disk" { t check_pages_no_disk; }
