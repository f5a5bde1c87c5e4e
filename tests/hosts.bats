#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
#
# run_tests.sh host --hosts, and merge of what programs wrote. Hosts are aliases of this machine, by
# an sshd of the test's own on the loopback device.

# bats file_tags=quick
# shellcheck source=tests/lib.bash
. "$BATS_TEST_DIRNAME/lib.bash"

SSHD_PID=
sshd_end()
{
	[ -z "$SSHD_PID" ] || kill "$SSHD_PID" || true
	[ -z "${SSHD_MADE:-}" ] || rmdir /run/sshd 2>/dev/null || true
}

# sshd_begin: on a port that is free, with keys and configuration in $SCRATCH/ssh; it is over with
# the test.
sshd_begin()
{
	local dir=$SCRATCH/ssh sshd try

	need_packages openssh-server openssh-client parallel
	sshd=$(PATH=$PATH:/usr/sbin command -v sshd) || skip "there is no sshd"
	[ "$(id -u)" != 0 ] || [ -d /run/sshd ] || { mkdir /run/sshd && SSHD_MADE=yes; } ||
		skip "sshd needs /run/sshd"
	cleanup_hooks+=(sshd_end)
	mkdir -m 700 "$dir"
	ssh-keygen -q -t ed25519 -N '' -f "$dir/host_key"
	ssh-keygen -q -t ed25519 -N '' -f "$dir/key"
	cp "$dir/key.pub" "$dir/authorized_keys"
	for try in 1 2 3 4 5; do
		PORT=$((20000 + RANDOM % 20000))
		cat >"$dir/sshd_config" <<-END
			ListenAddress 127.0.0.1
			Port $PORT
			HostKey $dir/host_key
			AuthorizedKeysFile $dir/authorized_keys
			StrictModes no
			PermitRootLogin prohibit-password
			PasswordAuthentication no
			UsePAM no
			PidFile none
			AcceptEnv FAULT TMPDIR
		END
		"$sshd" -D -E "$dir/log" -f "$dir/sshd_config" &
		SSHD_PID=$!
		sleep 1
		! kill -0 "$SSHD_PID" 2>/dev/null || break
		SSHD_PID=
	done
	[ -n "$SSHD_PID" ] || skip "sshd does not run here: $(tail -n 1 "$dir/log")"
	echo "[127.0.0.1]:$PORT $(cut -d ' ' -f 1,2 "$dir/host_key.pub")" >"$dir/known_hosts"
	: >"$dir/config"
	OPT_SSH_CONFIG=$dir/config
}

# sshd_host NAME FAULT [PORT]: a host, whose /tmp is $SCRATCH/tmp/NAME.
sshd_host()
{
	mkdir -p "$SCRATCH/tmp/$1"
	cat >>"$SCRATCH/ssh/config" <<-END
		Host $1
			HostName 127.0.0.1
			Port ${3:-$PORT}
			IdentityFile $SCRATCH/ssh/key
			IdentitiesOnly yes
			UserKnownHostsFile $SCRATCH/ssh/known_hosts
			SetEnv FAULT=$2 TMPDIR=$SCRATCH/tmp/$1
	END
}

# hosts_run_there A,B,...: host --hosts, but for what is run there, tests/guest/host_tests.sh.
hosts_run_there()
{
	local dir=$SCRATCH/apart

	# shellcheck source=vm/commands/host.sh
	. "$VM_COMMANDS/host.sh"
	RESULTS=$SCRATCH/results
	OPT_HOSTS=$1 COMMAND=host COMMAND_LINE=(host --hosts "$1")
	host_get() { HOST=$CHECK_HOST; }
	host_build() {
		mkdir -p "$SCRATCH/installed/io_uring_coherency"
		cp "$GUEST_TESTS/host_tests.sh" "$SCRATCH/installed/run_kselftest.sh"
		chmod 755 "$SCRATCH/installed/run_kselftest.sh"
	}
	mkdir -p "$dir"
	(
		SCRATCH=$dir GUARD='' CHILD='' cleanup_hooks=()
		trap cleanup EXIT
		trap 'REASON=terminated; exit 143' TERM
		run_host
	)
}

# nothing_there HOST...: no file and no process is left, a moment later.
nothing_there()
{
	local name try

	for name in "$@"; do
		for try in $(seq 20); do
			[ -n "$(ls -A "$SCRATCH/tmp/$name")" ] ||
				pgrep -f "$SCRATCH/tmp/$name/" >/dev/null || continue 2
			sleep 0.3
		done
		ls -R "$SCRATCH/tmp/$name"
		pgrep -af "$SCRATCH/tmp/$name/" || true
		fail "something is left on $name"
	done
}

# One that is well, one whose connection dies in the middle, one whose shell is killed, one that is
# late, and one that is not there: each is told, the counts are those of the one that is well, and
# nothing is left on any.
check_hosts_faults()
{
	local results=$SCRATCH/results/latest

	sshd_begin
	sshd_host well ""
	sshd_host gone dies
	sshd_host shot killed
	sshd_host slow late
	sshd_host absent "" 1
	OPT_TIMEOUT=5
	code_is 4 hosts_run_there well,gone,shot,slow,absent
	grep '^gone: no answer: .' "$SCRATCH/out"
	grep '^shot: no answer: it went away before its results came$' "$SCRATCH/out"
	grep '^slow: no answer: the tests did not end within 5 s$' "$SCRATCH/out"
	grep '^absent: no answer: ssh: connect to host .* Connection refused$' "$SCRATCH/out"
	grep '^registers *ok *1 of 1, 1000 events$' "$SCRATCH/out"
	grep "^well *1 *0 *0 *1000 *0 *$(uname -r) $(uname -m)\$" "$SCRATCH/out"
	grep '^absent *-  *-  *-  *-  *-  *no answer: ssh: ' "$SCRATCH/out"
	grep '^all *1 *0 *0 *1000 *0$' "$SCRATCH/out"
	jq -e '.machines | length == 1 and .[0].name == "well"' "$results/results.json"
	page_agrees "$results"
	[ -e "$results/well/ktap" ]
	[ -s "$results/well/machine/cpuinfo" ]
	[ -e "$results/slow/ktap" ]		# what there was
	nothing_there well gone shot slow absent
}

# Counts add up, a failure anywhere is one, and the args come there as they were given.
check_hosts_counts()
{
	local results=$SCRATCH/results/latest

	sshd_begin
	sshd_host a ""
	sshd_host b ""
	sshd_host c fails
	OPT_ARGS="-t 0.5 -n 7"
	code_is 0 hosts_run_there a,b
	grep '^registers *ok *2 of 2, 2000 events$' "$SCRATCH/out"
	jq -e '.args == "-t 0.5 -n 7"' "$results/b/live_registers.json"
	sleep 1		# results are named by the second
	code_is 1 hosts_run_there a,b,c
	grep '^registers *violated *c: live_registers poll_wake_default$' "$SCRATCH/out"
	grep '^c *0 *1 *0 *1000 *3 ' "$SCRATCH/out"
	grep '^all *2 *1 *0 *3000 *3$' "$SCRATCH/out"
	jq -e --arg text "$("$HOST/verdict" --sentence 3000 3)" '.results[0] | .events == 3000 and
		.violations == 3 and .text == $text and .rate_low > 0 and .rate_high < 0.01 and
		(.runs | map(.machine) | sort) == ["a", "b", "c"]' "$results/results.json"
	diff <(sed -n '/^question /,/^all /p' "$SCRATCH/out") "$results/report"
	nothing_there a b c
}

# Whoever asks is interrupted: all is over there, too.
check_hosts_interrupted()
{
	local me try

	sshd_begin
	sshd_host slow late
	OPT_TIMEOUT=300
	hosts_run_there slow >"$SCRATCH/out" 2>&1 &
	me=$!
	for try in $(seq 60); do
		[ ! -e "$(echo "$SCRATCH"/tmp/slow/*/results/live_registers.json)" ] || break
		sleep 0.2
	done
	[ "$try" != 60 ] || fail "it did not begin: $(cat "$SCRATCH/out")"
	pkill -TERM -P "$me"	# the shell that is as run_tests.sh's
	wait "$me" || true
	nothing_there slow
	# it had nothing yet
	[ -z "$(ls "$SCRATCH/results")" ]
}

# Results of programs, and of what was merged, as one.
check_merge_programs()
{
	local me=$TOP/run_tests.sh in=$SCRATCH/in all

	export IO_URING_COHERENCY_OUT=$SCRATCH/results
	mkdir -p "$in"/{a,b}
	FAULT='' IO_URING_COHERENCY_RESULTS=$in/a KSELFTEST_LIVE_REGISTERS_ARGS='' \
		sh "$GUEST_TESTS/host_tests.sh"
	FAULT=fails IO_URING_COHERENCY_RESULTS=$in/b KSELFTEST_LIVE_REGISTERS_ARGS=b \
		sh "$GUEST_TESTS/host_tests.sh"
	code_is 0 "$me" merge "$in/a/live_registers.json"
	grep '^all *1 *0 *0 *1000 *0$' "$SCRATCH/out"
	sleep 1		# results are named by the second
	code_is 1 "$me" merge "$in/a/live_registers.json" "$in/b/live_registers.json"
	grep '^live_registers *poll_wake_default *1 *1 *0 *violations 3 of 2000 events, rate ' \
		"$SCRATCH/out"
	grep '^b *0 *1 *0 *1000 *3 ' "$SCRATCH/out"
	grep '^all *1 *1 *0 *2000 *3$' "$SCRATCH/out"
	page_agrees "$SCRATCH/results/latest"
	# what was merged is a file as the others
	all=$(realpath "$SCRATCH/results/latest")/results.json
	mkdir "$in/c"
	sed 's/1000/500/' "$in/a/live_registers.json" >"$in/c/live_registers.json"
	sleep 1
	code_is 1 "$me" merge "$all" "$in/c/live_registers.json"
	grep '^all *2 *1 *0 *2500 *3$' "$SCRATCH/out"
	refused 2 "one run is there twice" "$me" merge "$in/a/live_registers.json" \
		"$in/a/live_registers.json"
	jq -n '{ program: "claims", schema: 1, machines: [], settings: [] }' >"$in/claims.json"
	refused 2 "is of claims, and others are of programs" "$me" merge \
		"$in/a/live_registers.json" "$in/claims.json"
}

check_hosts_refused()
{
	local me=$TOP/run_tests.sh

	refused 2 "'-oProxyCommand=x' is no host" "$me" host --hosts -oProxyCommand=x
	refused 2 "'' is no host" "$me" host --hosts a,,b
	refused 2 "'a/b' is no host" "$me" host --hosts a/b
	refused 2 "a is there twice" "$me" host --hosts a,b,a
	refused 2 "takes no --hosts" "$me" host --hosts a --bundle
	refused 2 "is for --hosts" "$me" host --ssh-config /dev/null
	refused 2 "there is no file /nowhere" "$me" host --hosts a --ssh-config /nowhere
}

@test "hosts-refused" { t check_hosts_refused; }
@test "hosts-counts" { t check_hosts_counts; }
@test "hosts-faults" { t check_hosts_faults; }
@test "hosts-interrupted" { t check_hosts_interrupted; }
@test "merge-programs" { t check_merge_programs; }
