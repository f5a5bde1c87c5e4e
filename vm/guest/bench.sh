#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# bench.sh PART [ARGUMENT...]: what bench measures, in turns in one guest; fio natively, too, and
# beside nowhere else.

# nothing: a guest that starts, and ends
nothing()
{
	:
}

# starts STARTS: fresh starts, each to its first violation
starts()
{
	for i in $(seq "$1"); do
		./live_registers -t 1 --stop-first --json "/results/$i.json" >/dev/null 2>&1
	done
}

# others STARTS: fresh starts under that plant
others()
{
	for i in $(seq "$1"); do
		./barrier_ctl --plant others -- ./live_registers -t 20 -n 100 \
			--only poll_wake_default --json "/results/$i.json" >/dev/null 2>&1
	done
}

# completions STARTS CASES: fresh starts of these cases, of the default length
completions()
{
	for i in $(seq "$1"); do
		./ring_complete --case "$2" --json "/results/$i.json" >/dev/null 2>&1
	done
}

# defaults: each program, as the kselftest runs it: its name, seconds, exit code
defaults()
{
	sed -n 's/^io_uring_coherency://p' ../kselftest-list.txt | while read -r program; do
		begin=$(cut -d ' ' -f 1 /proc/uptime) code=0
		"./$program" >"/results/$program.out" 2>&1 </dev/null || code=$?
		cut -d ' ' -f 1 /proc/uptime | awk -v name="$program" -v begin="$begin" \
			-v code=$code '{ print name, $1 - begin, code }'
	done >/results/seconds
}

# rates PAIRS: events against threads of a bare loop
rates()
{
	for i in $(seq "$1"); do
		./thread_rate 1 >>/results/threads
		./live_registers -t 1 --json "/results/$i.json" >/dev/null 2>&1
	done
}

# on_cpu CPUS FILE: events there
on_cpu()
{
	./live_registers --no-module -t 4 --only poll_wake_default -c "$1" --json "$2" \
		>/dev/null 2>&1
}

# on_cpus TURNS N...: events on so many CPUs, in turns
on_cpus()
{
	turns=$1
	shift
	for i in $(seq "$turns"); do
		for n; do
			on_cpu 0-$((n - 1)) "/results/of-$n-$i.json"
		done
	done
}

# beside TURNS DIRECTORY: events on CPU 0, on CPU 1, and on each of them at once, in turns
beside()
{
	for i in $(seq "$1"); do
		on_cpu 0 "$2/alone-$i-0.json"
		on_cpu 1 "$2/alone-$i-1.json"
		on_cpu 0 "$2/beside-$i-0.json" &
		on_cpu 1 "$2/beside-$i-1.json"
		wait
	done
}

# knobs TURNS: no module; loaded and idle; and under knobs
knobs()
{
	ko=ppc_barrier_test/ppc_barrier_test.ko
	entries='' exits=''
	for p in try_to_wake_up kick_process generic_perform_write filemap_read; do
		entries="$entries --at $p=none"
		exits="$exits --at ${p}_exit=none"
	done
	entries="$entries --at io_write=none --at task_work_run=none"
	for i in $(seq "$1"); do
		for v in poll_wake_default create_worker_cb_default; do
			run="./live_registers --no-module -t 1 --only $v --json /results/$v"
			# shellcheck disable=SC2086 # words
			$run-none-"$i".json
			insmod $ko
			# shellcheck disable=SC2086 # words
			$run-idle-"$i".json
			while read -r state knobs; do
				# shellcheck disable=SC2086 # words
				./barrier_ctl $knobs -- $run-"$state-$i".json 2>/dev/null </dev/null
			done <<-EOF
				notify --notify signal
				entries $entries
				wake_up_exit --at try_to_wake_up_exit=none
				kick_exit --at kick_process_exit=none
				all $entries $exits
			EOF
			rmmod ppc_barrier_test
		done
	done >/dev/null
}

# loops PAIRS PROGRAM OPTIONS EDGE...
loops()
{
	pairs=$1 program=$2 options=$3
	shift 3
	for i in $(seq "$pairs"); do
		for edge; do
			# shellcheck disable=SC2086 # words
			"./$program" $options --edge "$edge" --json "/results/$edge-$i.json" \
				>/dev/null
		done
	done
}

# pages STARTS SECONDS: fresh starts on a disk, each to its first wrong page
pages()
{
	for i in $(seq "$1"); do
		./page_integrity --no-module --engine uring --dir /mnt/ext4 -t "$2" \
			--stop-first --json "/results/$i.json" >/dev/null 2>&1
	done
}

# pairs PAIRS ANSWERS FILES: directories. Four files of 2 MiB, two threads, and fio's queue as deep
# as our batch.
pairs()
{
	for i in $(seq "$1"); do
		./page_integrity --no-module --engine uring --dir "$3" --size 2M -t 3 \
			--json "$2/ours-$i.json" >/dev/null 2>&1
		depth=$(sed -n 's/.*"batch": \([0-9]*\).*/\1/p' "$2/ours-$i.json" | head -n 1)
		fio --name=pages --directory="$3" --ioengine=io_uring --verify=crc32c \
			--rw=randwrite --bs=16k --iodepth="$depth" --numjobs=2 --nrfiles=2 \
			--filesize=2m --size=4m --time_based --runtime=3 --group_reporting \
			--fallocate=none --output-format=json >"$2/fio-$i" 2>/dev/null
		rm -f "$3"/pages.*
	done
}

# events NUMBER: so many for each of two variants
events()
{
	for v in poll_wake_default create_worker_cb_default; do
		./live_registers -t 3600 -n "$1" --only $v --json "/results/$v.json"
	done
}

# completion_events SECONDS: that many for each case
completion_events()
{
	./ring_complete -t "$1" --json /results/ring_complete.json
}

part=$1
shift
"$part" "$@"
