#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
#
# What laboratories take from here: vm/labs/ and kcidb, by their own rules; see doc/labs.md.

# shellcheck source=tests/lib.bash
. "$BATS_TEST_DIRNAME/lib.bash"

# valid KIND FILE, and invalid: by labs_valid.py, which has Debian's packages.
valid()
{
	local code=0

	/usr/bin/python3 "$TOP/tests/labs_valid.py" "$@" || code=$?
	[ $code != 4 ] || exit 4
	[ $code = 0 ] || fail "$2 is not valid"
}

invalid()
{
	code_is 1 /usr/bin/python3 "$TOP/tests/labs_valid.py" "$@"
	! grep Traceback "$SCRATCH/out" || fail "an error of the test's"
}

# made_variant NAME OUTCOME EVENTS VIOLATIONS RATE TEXT: of a program's file.
made_variant()
{
	jq -n --arg name "$1" --arg outcome "$2" --argjson events "$3" --argjson violations "$4" \
		--argjson rate_high "$5" --arg text "$6" '$ARGS.named + {rate_low: 0, seconds: 1}'
}

# made_file FILE, of variants on standard input.
made_file()
{
	local program

	program=$(basename "$1" .json)
	jq -s --arg program "$program" '{$program, kernel: "6.1.0-made",
		kernel_version: "#1 SMP made", machine: "ppc64le", cpus: 2, variants: .}' >"$1"
}

MADE_COMMIT=0123456789012345678901234567890123456789

# A run in which each outcome comes once, of a program, too: and of eight programs two never began.
made_run()
{
	local at=selftests:\ io_uring_coherency

	mkdir -p "$1"
	echo "tree:/home/somebody/linux+/tmp/my-fix.patch^fp" >"$1/kernel"
	echo "commit $MADE_COMMIT" >"$1/origin"
	{
		made_variant poll_wake_default pass 300 0 0.00993608 "violations 0 of 300 events"
		made_variant poll.wake:sqpoll fail 300 7 0.0475 '"7" of 300'
		made_variant no_bound pass 20 0 null "20 events"
		made_variant poll_wake_coop skip 3 0 1 "too few"
		made_variant poll_wake_ended '' 0 0 1 ''
		made_variant poll_wake_other skip 0 0 1 "not asked for"
	} | made_file "$1/live_registers.json"
	made_variant uring pass 1000 0 0.003 "0 wrong" | made_file "$1/page_integrity.json"
	made_file "$1/ring_order.json" </dev/null
	: >"$1/ring_complete.json"
	printf '%s\n' "TAP version 13" 1..8 \
		"# $at: live_registers" "not ok 1 $at: live_registers # exit=1" \
		"# $at: page_integrity" "ok 2 $at: page_integrity" \
		"# $at: ring_order" "# 1..0 # SKIP no io_uring" "ok 3 $at: ring_order # SKIP" \
		"# $at: kernel_order" "not ok 4 $at: kernel_order # TIMEOUT 120 seconds" \
		"# $at: module_knobs" "# ok 1 notify.signal.is_counted" \
		"# not ok 2 notify.kernel.is_counted" "# ok 3 storm # SKIP no module" \
		"# ok 4 # SKIP no name on 6.1" "not ok 5 $at: module_knobs # exit=139" \
		"# $at: ring_complete" "# ok 1 promise.waiters.is_kept" >"$1/ktap"
}

# kcidb_of FOLDER [OPTION...]: in $SCRATCH/kcidb, the same each time, and valid.
kcidb_of()
{
	"$TOP/run_tests.sh" kcidb "$@" >"$SCRATCH/kcidb"
	"$TOP/run_tests.sh" kcidb "$@" | cmp "$SCRATCH/kcidb"
	valid kcidb "$SCRATCH/kcidb"
}

# kcidb_has PATH STATUS [JQ]: one such test, of which JQ is true.
kcidb_has()
{
	jq -e --arg path "kselftest.io_uring_coherency$1" --arg status "$2" \
		'[.tests[] | select(.path == $path)] | length == 1 and (.[0] |
			.status == $status and ('"${3:-true}"'))' "$SCRATCH/kcidb" >/dev/null ||
		fail "not so: $1 $2 ${3:-}: $(grep -A 9 "coherency$1\"" "$SCRATCH/kcidb")"
}

check_kcidb()
{
	need_packages python3-jsonschema jq
	made_run "$SCRATCH/run"
	kcidb_of "$SCRATCH/run"
	kcidb_has .live_registers FAIL '.number.value == 623 and .misc.violations == 7'
	kcidb_has .live_registers.poll_wake_default PASS \
		'.number == {value: 0.00993608, unit: "violations/event"} and .duration == 1'
	kcidb_has .live_registers.poll_wake_sqpoll FAIL \
		'.misc.text == "\"7\" of 300" and .misc.events == 300 and .misc.violations == 7'
	kcidb_has .live_registers.no_bound PASS '.number == {value: 20, unit: "events"}'
	kcidb_has .live_registers.poll_wake_coop SKIP '.number == null and .misc.events == 3'
	kcidb_has .live_registers.poll_wake_ended ERROR '.number == null'
	kcidb_has .page_integrity PASS
	kcidb_has .ring_order SKIP '.number == null'
	kcidb_has .kernel_order ERROR '.comment == "TIMEOUT 120 seconds"'
	kcidb_has .module_knobs ERROR '.comment == "exit=139"'
	kcidb_has .module_knobs.notify_signal_is_counted PASS
	kcidb_has .module_knobs.notify_kernel_is_counted FAIL
	kcidb_has .module_knobs.storm SKIP '.misc.reason == "no module"'
	kcidb_has .ring_complete ERROR '.comment == "did not come to its end"'
	kcidb_has "" MISS '.comment == "2 of 8 programs did not run"'
	# those, and what is asked of no more than its program
	jq -e '.tests | length == 17' "$SCRATCH/kcidb"
	jq -e '.builds == [.builds[0]] and .builds[0].architecture == "powerpc" and
		.checkouts[0].comment == "tree:linux+my-fix.patch^fp: commit '"$MADE_COMMIT"'" and
		.checkouts[0].git_commit_hash == null' "$SCRATCH/kcidb"
	! grep somebody "$SCRATCH/kcidb" || fail "a path of the machine"
	# where it lies does not matter, and what it says does
	cp -r "$SCRATCH/run" "$SCRATCH/copy"
	"$TOP/run_tests.sh" kcidb "$SCRATCH/copy" | cmp "$SCRATCH/kcidb"
	sed -i 's/300 events/301 events/' "$SCRATCH/copy/live_registers.json"
	cp "$SCRATCH/kcidb" "$SCRATCH/before"
	kcidb_of "$SCRATCH/copy" --origin other_lab
	jq -e --slurpfile before "$SCRATCH/before" '([.tests[].id | sub("[^:]*:"; "")] -
		[$before[0].tests[].id | sub("[^:]*:"; "")] | length) == (.tests | length) and
		all(.tests[], .builds[], .checkouts[]; .origin == "other_lab" and
		(.id | startswith("other_lab:")))' "$SCRATCH/kcidb"
	# a schema that lets all pass shows nothing
	jq '.tests[0].path = "a..b"' "$SCRATCH/before" >"$SCRATCH/bad"
	invalid kcidb "$SCRATCH/bad"
	jq '.tests[0].extra = 1' "$SCRATCH/before" >"$SCRATCH/bad"
	invalid kcidb "$SCRATCH/bad"
	jq '.tests[1].id = .tests[0].id' "$SCRATCH/before" >"$SCRATCH/bad"
	invalid kcidb "$SCRATCH/bad"
}

# As its page says, whatever programs come to.
check_labs_junit()
{
	need_packages libtap-harness-junit-perl perl
	made_run "$SCRATCH/results/latest"
	sed -n 's/^    //; /^sed .*results.tap$/p; /^JUNIT_OUTPUT_FILE=/p' "$TOP/doc/labs.md" \
		>"$SCRATCH/junit.sh"
	[ "$(wc -l <"$SCRATCH/junit.sh")" = 2 ]
	(cd "$SCRATCH" && bash junit.sh) || say "prove: code $?"
	valid junit "$SCRATCH/results.xml" >"$SCRATCH/cases"
	sed 's/selftests: io_uring_coherency: //' "$SCRATCH/cases" | head -n 5 |
		diff - <(printf '%s\n' "failure live_registers" "pass page_integrity" \
			"skipped ring_order" "failure kernel_order" "failure module_knobs")
	# and the programs that did not run
	tail -n +6 "$SCRATCH/cases" | grep '^failure .* not match plan'
}

# validate has two kernels, each with several runs, of which one did not boot.
check_kcidb_validate()
{
	local dir

	need_packages python3-jsonschema jq
	for dir in base fixed fixed-more-1; do
		made_run "$SCRATCH/run/$dir"
	done
	echo tree:/linux | tee "$SCRATCH/run/fixed/kernel" >"$SCRATCH/run/fixed-more-1/kernel"
	echo '{"verdict": "NOT FIXED", "reason": "so it is", "base": [], "fixed": []}' \
		>"$SCRATCH/run/results.json"
	kcidb_of "$SCRATCH/run"
	jq -e --arg commit $MADE_COMMIT '[.checkouts[].git_commit_hash] | sort == [null, $commit]' \
		"$SCRATCH/kcidb"
	jq -e '(.tests | length == 51) and ([.builds[].misc.verdict] | sort == [null, "NOT FIXED"])
		and ([.tests[] | .build_id | sub(".*/"; "")] | unique == ["base", "fixed"])' \
		"$SCRATCH/kcidb"
	rm "$SCRATCH/run/base"/*
	echo "no login" >"$SCRATCH/run/base/console"
	kcidb_of "$SCRATCH/run"
	jq -e '.tests | length == 35 and ([.[] | select(.status == "MISS").comment] |
		index("so it is") != null)' "$SCRATCH/kcidb"
}

# What ran here, at its end the same counts as in its files.
check_kcidb_native()
{
	local me=$TOP/run_tests.sh

	need_packages python3-jsonschema jq
	mkdir "$SCRATCH/run"
	"$HOST/live_registers" --no-module -t 1 -n 50 --json "$SCRATCH/run/live_registers.json" ||
		[ $? = 4 ]
	"$HOST/ring_complete" -t 0.2 --case links --json "$SCRATCH/run/ring_complete.json" ||
		[ $? = 4 ]
	kcidb_of "$SCRATCH/run"
	jq -s '[.[].variants[] | select(.text != "not asked for")] |
		[length, (map(.events) | add), (map(.violations) | add)]' \
		"$SCRATCH/run"/*.json >"$SCRATCH/want"
	jq '[.tests[] | select(.path | test("\\..*\\..*\\."))] |
		[length, (map(.misc.events // 0) | add), (map(.misc.violations // 0) | add)]' \
		"$SCRATCH/kcidb" | diff - "$SCRATCH/want"
	"$me" kcidb -o "$SCRATCH/file" "$SCRATCH/run"
	cmp "$SCRATCH/file" "$SCRATCH/kcidb"
	"$me" kcidb --output /dev/stdout "$SCRATCH/run" | cmp "$SCRATCH/kcidb"
	[ -z "$(find "$SCRATCH" -name '*.partial')" ]
}

check_kcidb_refused()
{
	local me=$TOP/run_tests.sh

	need_packages jq
	made_run "$SCRATCH/run"
	mkdir "$SCRATCH/empty" "$SCRATCH/bad" "$SCRATCH/claims"
	head -c 99 "$SCRATCH/run/live_registers.json" >"$SCRATCH/bad/live_registers.json"
	echo '{"program": "claims"}' >"$SCRATCH/claims/results.json"
	cp "$SCRATCH/run/ktap" "$SCRATCH/claims/"
	refused 2 "kcidb takes a folder of results" "$me" kcidb
	refused 2 "there is no folder /nowhere" "$me" kcidb /nowhere
	refused 2 "empty has no results of host, vm or validate" "$me" kcidb "$SCRATCH/empty"
	refused 2 "claims has no results of host, vm" "$me" kcidb "$SCRATCH/claims"
	refused 2 "live_registers.json is no file of results" "$me" kcidb "$SCRATCH/bad"
	refused 2 "one folder of results, not 'b', too" "$me" kcidb "$SCRATCH/run" b
	refused 2 "kcidb has no option --arch" "$me" kcidb "$SCRATCH/run" --arch ppc64
	refused 2 "--origin: 'My Lab' is not of small letters" "$me" kcidb --origin "My Lab"
	refused 2 "-o needs a value" "$me" kcidb "$SCRATCH/run" -o
	refused 2 "host has no option --output" "$me" host -o "$SCRATCH/left/file"
	refused 2 "-o: there is no folder /nowhere" "$me" kcidb "$SCRATCH/run" -o /nowhere/file
	refused 2 "-o: $SCRATCH/empty is a folder" "$me" kcidb "$SCRATCH/run" -o "$SCRATCH/empty"
	refused 4 "cannot write to /proc/version" "$me" kcidb "$SCRATCH/run" -o /proc/version
	refused 4 "cannot write to /dev/full" "$me" kcidb "$SCRATCH/run" -o /dev/full
	[ -z "$(find "$SCRATCH/empty" -type f)" ]
}

# lava_job CODE FILE: by LAVA's own schema of jobs.
lava_job()
{
	code_is "$1" /usr/share/lava-common/lava-schema.py job --strict "$2"
	! grep Traceback "$SCRATCH/out" || fail "an error of the schema's"
}

check_labs_lava()
{
	local job labs=$TOP/vm/labs

	# LAVA left Debian for one release, trixie
	(need_packages lava-common python3-jinja2 python3-yaml jq) ||
		skip "no lava-common here"
	for job in "$labs"/lava-{qemu-ppc64le,bare-metal}.yaml; do
		lava_job 0 "$job"
		sed 's/^      to: /      whither: tmpfs\n&/' "$job" >"$SCRATCH/bad"
		lava_job 1 "$SCRATCH/bad"
		grep 'whither\|extra keys' "$SCRATCH/out"
		# "settings" gives each of seven programs 120 s at the most
		valid json "$job" >"$SCRATCH/json"
		jq -e '.timeouts.job.minutes > 15 and ([.actions[].test // empty][0] |
			.timeout.minutes > 15)' "$SCRATCH/json"
	done
	valid testdef "$labs/lava-test.yaml"
	sed 's/^run:/runs:/' "$labs/lava-test.yaml" >"$SCRATCH/bad"
	invalid testdef "$SCRATCH/bad"
	valid json "$labs/lava-test.yaml" >"$SCRATCH/test"
	valid json "$labs/lava-bare-metal.yaml" >"$SCRATCH/job"
	jq '.actions[].test // empty | .definitions[0].repository' "$SCRATCH/job" |
		diff - <(jq . "$SCRATCH/test") ||
		fail "the job has another definition than lava-test.yaml"
}

# The steps of the test definition, with a runner that says what the kernel's would.
check_labs_lava_runs()
{
	local at=selftests:\ io_uring_coherency

	need_packages python3-yaml jq
	mkdir "$SCRATCH/bin"
	printf '%s\n' '#!/bin/sh' 'echo "$*"' >"$SCRATCH/bin/lava-test-case"
	{
		printf '%s\n' '#!/bin/sh' 'cat <<EOF'
		printf '%s\n' "TAP version 13" "# # ok 1 poll_wake" "ok 1 $at: live_registers" \
			"ok 2 $at: ring_order # SKIP" "not ok 3 $at: ring_complete # exit=1" \
			"not ok 4 $at: kernel_order # TIMEOUT 120 seconds" EOF
		# shellcheck disable=SC2016 # the script's
		echo 'echo "asked for $* with $KSELFTEST_LIVE_REGISTERS_ARGS" >&2'
	} >"$SCRATCH/run_kselftest.sh"
	chmod 755 "$SCRATCH/bin/lava-test-case" "$SCRATCH/run_kselftest.sh"
	valid json "$TOP/vm/labs/lava-test.yaml" >"$SCRATCH/test"
	# as LAVA does it: values of params, then the steps of one shell
	{
		jq -r '.params | to_entries[] | "\(.key)=\(.value | @sh)"' "$SCRATCH/test"
		echo "KSELFTEST_PATH=$SCRATCH LIVE_REGISTERS_ARGS='-t 3'"
		jq -r '.run.steps[]' "$SCRATCH/test" | sed "s:/tmp/:$SCRATCH/:"
	} >"$SCRATCH/steps"
	PATH=$SCRATCH/bin:$PATH sh -e "$SCRATCH/steps" >"$SCRATCH/out"
	cat "$SCRATCH/out"
	grep '^asked for -c io_uring_coherency with -t 3$' "$SCRATCH/out"
	diff <(grep -- --result "$SCRATCH/out") - <<-'EOF'
		live_registers --result pass
		ring_order --result skip
		ring_complete --result fail
		kernel_order --result fail
	EOF
}

# Those that are parts of others' files: they parse, and have the names that kcidb and the runner
# have.
check_labs_entries()
{
	local labs=$TOP/vm/labs

	need_packages python3-yaml jq
	valid json "$labs/kernelci-jobs.yaml" >"$SCRATCH/jobs"
	valid json "$labs/kernelci-scheduler.yaml" >"$SCRATCH/scheduler"
	jq -e '.jobs | length == 1 and (.["kselftest-io_uring_coherency"] |
		.params.collections == "io_uring_coherency" and
		.kcidb_test_suite == "kselftest.io_uring_coherency")' "$SCRATCH/jobs"
	jq -e --slurpfile jobs "$SCRATCH/jobs" '.scheduler | length >= 1 and
		all(.job | IN($jobs[0].jobs | keys[])) and all(has("event") and has("runtime"))' \
		"$SCRATCH/scheduler"
	valid python "$labs/tuxlava.py"
	valid python "$labs/ci_scripts.py"
	grep '"kselftest-io_uring_coherency"' "$labs/tuxlava.py"
	[ -f "$TOP/config" ]
	grep "selftests/io_uring_coherency/config'" "$labs/ci_scripts.py"
	sed 's/^    kcidb_test_suite.*/&\n&/' "$labs/kernelci-jobs.yaml" >"$SCRATCH/bad"
	invalid json "$SCRATCH/bad"
}

@test "labs-lava" { t check_labs_lava; }
@test "labs-lava-runs" { t check_labs_lava_runs; }
@test "labs-entries" { t check_labs_entries; }
@test "labs-junit" { t check_labs_junit; }
@test "kcidb" { t check_kcidb; }
@test "kcidb-validate" { t check_kcidb_validate; }
@test "kcidb-native" { t check_kcidb_native; }
@test "kcidb-refused" { t check_kcidb_refused; }
