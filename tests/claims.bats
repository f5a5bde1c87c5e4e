#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
#
# run_tests.sh claims and merge.

# bats file_tags=quick
# shellcheck source=tests/lib.bash
. "$BATS_TEST_DIRNAME/lib.bash"

# decided CODE LINE...: what claims decides by the counts on standard input has these lines; the
# names of the tests are the same whatever is decided.
decided()
{
	local line

	code_is "$1" "$HOST/claims" --decide
	for line in "${@:2}"; do
		grep -x "$line" "$SCRATCH/out"
	done
	sed -n 's/^not //; s/ *#.*//; /^ok/p' "$SCRATCH/out" |
		diff - <(seq 14 | sed 's|.*|ok & C&|'; echo "ok 15 no_false_alarm")
}

# The program: what it says, its exit codes, what it refuses, and plans. What is decided by which
# counts is tested by claims_table_test.
check_claims()
{
	local guest decide

	# violations everywhere, but on the kernel that has none to show, decide all claims
	for guest in bad $(printf '%s\n' "${ARCHITECTURES[@]}" | grep -v ^ppc64); do
		"$HOST/claims" --plan $guest </dev/null | sed 's/ .*/ 9000 900 0 1 0/'
	done >"$SCRATCH/counts"
	"$HOST/claims" --plan good </dev/null | sed 's/ .*/ 9000 0 1 0 0/' >>"$SCRATCH/counts"
	decided 0 "ok 1 C1 # refuted for our workload" "ok 15 no_false_alarm" <"$SCRATCH/counts"
	decided 1 "not ok 15 no_false_alarm" <<<"registers_good 9000 1 0 1 0"
	# what a machine cannot show is no rate, and a column that was not run is none
	decided 4 "ok 1 C1 # confirmed for our workload" "ok 2 C2 # SKIP open" \
		"ok 10 C10 # SKIP not observable here" "#     ordered ipi: skipped" \
		"#     ordered queue_work: violations 0 of 100000 events.*" \
		"#   MariaDB, new databases: confirmed" \
		"#     clean quick_one_worker: violations 0 of 3000 events.*" \
		"ok 15 no_false_alarm # SKIP no events" <<-'EOF'
		pages_bad_kernel_none_0 9000 900 0 1 0
		pages_bad_kernel_mb_0 9000 600 0 1 0
		ipi 100000 0 0 0 1
		queue_work 100000 0 1 0 0
		quick_base 100 12 0 12 0
		quick_one_worker 3000 0 1 0 0
	EOF
	! grep "MariaDB, its test" "$SCRATCH/out" || fail "a column that was not run"
	# shellcheck disable=SC2016 # expanded by the inner shell
	decide='echo "$1" | "$0" --decide'
	refused 2 "a line of counts is" sh -c "$decide" "$HOST/claims" "ipi 1 2 0 1 0"
	refused 2 "a line of counts is" sh -c "$decide" "$HOST/claims" "ipi 1 0 0 1 0 x"
	refused 2 "a line of counts is" sh -c "$decide" "$HOST/claims" "ipi 1 0 -1 1 0"
	refused 2 "counts of no setting" sh -c "$decide" "$HOST/claims" "nonsense 1 0 1 0 0"
	refused 2 "no such guest" "$HOST/claims" --plan nonsense
	refused 2 "a number from 1 on" "$HOST/claims" --plan bad --seed x
	refused 2 "a number from 1 on" "$HOST/claims" --plan bad --round -1
	refused 2 "one of two things" "$HOST/claims"
	# the same settings, in an order that follows from the seed, and later those that are needed
	[ "$("$HOST/claims" --plan bad --seed 1 </dev/null)" = \
		"$("$HOST/claims" --plan bad --seed 1 </dev/null)" ]
	[ "$("$HOST/claims" --plan bad --seed 1 </dev/null)" != \
		"$("$HOST/claims" --plan bad --seed 2 </dev/null)" ]
	[ "$("$HOST/claims" --plan bad --seed 1 </dev/null | sort)" = \
		"$("$HOST/claims" --plan bad --seed 2 </dev/null | sort)" ]
	"$HOST/claims" --plan arm64 </dev/null | grep registers_arm64
	[ -z "$("$HOST/claims" --plan arm64 <<<"registers_arm64 9 1 0 1 0")" ]
	# of MariaDB: a rate takes all loops, and what one failure answers is over with it
	"$HOST/claims" --plan mtr --round 2 </dev/null >"$SCRATCH/plan"
	grep '^mtr_base 80 all --notify kernel --at ' "$SCRATCH/plan"
	grep '^mtr_pinned 80 first .* --pin-workers$' "$SCRATCH/plan"
	[ "$(wc -l <"$SCRATCH/plan")" = 8 ]
	"$HOST/claims" --plan mtr <<<"mtr_pinned 9 1 0 1 0" >"$SCRATCH/plan"
	[ "$(wc -l <"$SCRATCH/plan")" = 7 ]
}

# All events count, those of a run too short for its program's "ok" as well, with violations or not.
check_claims_counted()
{
	local RESULT=$SCRATCH/claims name=pages_bad_kernel_none_0

	# shellcheck source=vm/commands/claims.sh
	. "$VM_COMMANDS/claims.sh"
	mkdir "$RESULT"
	printf '%s x\n' $name ipi >"$SCRATCH/plan"
	jq -n '{ kernel: "6.1", skip: "no module", variants: [] }' >"$RESULT/ipi.json"
	jq -n '{ kernel: "6.1", variants: [{ outcome: "fail", text: "wrong", events: 100,
		violations: 5 }, { outcome: "skip", text: "not asked for", events: 0,
		violations: 0 }] }' >"$RESULT/$name.json"
	claims_collect "$RESULT" 1 <"$SCRATCH/plan"
	rm "$RESULT/ipi.json"
	jq -n '{ kernel: "6.1", variants: [{ outcome: "skip", text: "inconclusive: 100 pages",
		events: 100, violations: 0 }] }' >"$RESULT/$name.json"
	claims_collect "$RESULT" 2 <"$SCRATCH/plan"
	# nothing, if the knobs were without effect
	jq -n '{ no_answer: "", points: { a: { action: "off", passed: 0 },
		b: { action: "mb", passed: 0 } } }' >"$RESULT/$name.knobs"
	claims_collect "$RESULT" 3 <"$SCRATCH/plan"
	jq -n '{ no_answer: "99 calls were missed", points: {} }' >"$RESULT/$name.knobs"
	claims_collect "$RESULT" 4 <"$SCRATCH/plan"
	jq -s '.[-2:] | map(.text)' "$RESULT/runs" | grep -A 1 'b was not passed' | grep 'missed'
	diff "$RESULT/counts" - <<-EOF
		$name 100 5 0 1 0
		ipi 0 0 0 0 1
		look
		$name 100 0 0 0 0
		look
		$name 0 0 0 0 0
		look
		$name 0 0 0 0 0
	EOF
}

# claims_ran ROUND: what has come of one setting in it; made here, not measured.
claims_ran()
{
	jq -nc '{ name: "pages_bad_kernel_none_0", look: $ARGS.positional[0], kernel: "6.1",
		text: "wrong", outcome: "fail", events: 1000, violations: 100,
		delivered: null }' --jsonargs "$1" >>"$RESULT/runs"
	claims_count
}

# A signal in round 2 leaves what round 1 has come to, whole, and merge takes it. SIGTERM, as who
# runs this may have SIGINT ignored for good.
check_claims_interrupted()
{
	local me=$TOP/run_tests.sh last=$SCRATCH/results/latest code=0

	export IO_URING_COHERENCY_OUT=$SCRATCH/results
	RESULTS=$SCRATCH/results
	# shellcheck source=vm/commands/claims.sh
	. "$VM_COMMANDS/claims.sh"
	command_packages() { :; }
	host_get() { :; }
	claims_guest() {
		[ "$1" = bad ] || return 0
		[ "$4" = 1 ] || kill -TERM "$BASHPID"
		mkdir "$RESULT/1-bad"
		echo QEMU >"$RESULT/1-bad/qemu-version"
		claims_ran 1
	}
	(
		SCRATCH=$(mktemp -d "$SCRATCH/claims.XXXXXX")
		trap cleanup EXIT
		trap 'REASON=terminated; exit 143' TERM
		run_claims
	) >"$SCRATCH/out" 2>&1 || code=$?
	cat "$SCRATCH/out"
	[ "$code" = 143 ] || fail "code $code"
	[ "$(cat "$last/reason")" = terminated ]
	jq -e '.look == 1 and .settings[0].events == 1000' "$last/results.json"
	grep '^C1 *our workload *open ' "$last/report"
	grep -c '^ok' "$last/ktap"
	grep '</html>' "$last/index.html"
	sleep 1		# results are named by the second
	"$me" merge "$last/results.json" >"$SCRATCH/out" || [ $? = 4 ]
	grep '^C1 *our workload *open ' "$SCRATCH/out"
}

# Kernels that are built in the first round leave its time to further ones. Nobody waits: the clock
# of the shell is set on.
check_claims_time()
{
	export IO_URING_COHERENCY_OUT=$SCRATCH/results
	RESULTS=$SCRATCH/results
	# shellcheck source=vm/commands/claims.sh
	. "$VM_COMMANDS/claims.sh"
	command_packages() { :; }
	host_get() { :; }
	userspace_get() { :; }
	module_get() { :; }
	guest_disks() { :; }
	claims_collect() { [[ $1 != *-bad ]] || claims_ran "$2"; }
	kernel_get() {
		KERNEL_NAME=$1
		[ -n "${built:-}" ] || SECONDS=$((SECONDS + 3000))
		built=yes
	}
	guest_run() {
		GUEST_STATE=ok
		mkdir "$2"
		echo QEMU >"$2/qemu-version"
		[[ $2 != *-bad ]] || SECONDS=$((SECONDS + 300))
	}
	OPT_SECONDS=500
	(run_claims) >"$SCRATCH/out" || [ $? = 4 ]
	grep '^round 2: open: C1 ' "$SCRATCH/out"
	! grep '^round 3' "$SCRATCH/out" || fail "guests' time does not count"
	jq -e '.machines[0].seconds | . >= 600 and . < 900' "$RESULTS/latest/results.json"
}

# results.json of two runs as one, and the picture and the page of it; made here, not measured.
check_claims_merge()
{
	local me=$TOP/run_tests.sh n setting=pages_bad_kernel_none_0
	local claims="{ program: \"claims\", schema: 1, look: 1 }"

	export IO_URING_COHERENCY_OUT=$SCRATCH/results
	for n in 1 2; do
		jq -n --arg base "$setting" --arg n $n "$claims"' + { machines: [{ date: $n,
			base: "a & b", fixed: "c", arch: "ppc64le", qemu: "Q, tcg",
			smp: 2, host: "h", seed: 1, rounds: 1, seconds: 9 }], settings: [
			{ runs: [{ name: $base, kernel: "6.1", outcome: "fail", text: "wrong",
				events: 1000, violations: 100, delivered: { IPI: 7 } }] },
			{ runs: [{ name: "pages_kthread", kernel: "6.1", outcome: "pass", text: "",
				events: 700, violations: 0, delivered: null }] },
			{ runs: [{ name: "ipi", kernel: "6.1", outcome: "skip",
				text: "not observable <here>", events: 0, violations: 0,
				delivered: null }] },
			{ runs: [{ name: "quick_base", kernel: "6.1", outcome: "fail", text: "bad",
				events: 50, violations: 8, delivered: { IPI: 3 } }] },
			{ runs: [{ name: "quick_one_worker", kernel: "6.1", outcome: "pass",
				text: "", events: 600, violations: 0, delivered: null }] }] }' \
			>"$SCRATCH/$n.json"
	done
	"$me" merge "$SCRATCH/1.json" >"$SCRATCH/out" || [ $? = 4 ]
	grep '^C6 *our workload  *open  *clean  *pages_kthread  *0 of 700, < ' "$SCRATCH/out"
	sleep 1		# results are named by the second
	"$me" merge "$SCRATCH/1.json" "$SCRATCH/2.json" >"$SCRATCH/out" || [ $? = 4 ]
	cat "$SCRATCH/out"
	# every column is there, in all lines at the same place
	grep '^claim  *workload  *decision  *asked  *setting  *rate .*  *rate of .*  *times that$' \
		"$SCRATCH/out"
	grep '^C6 *our workload *confirmed *clean *pages_kthread *0 of 1400,.* 0.1 (.* 0 to 0.0' \
		"$SCRATCH/out"
	grep '^C10 *our workload  *not observable here  *ordered  *ipi  *skipped' "$SCRATCH/out"
	grep '^C13 *MariaDB, new databases *confirmed *clean *quick_one_worker *0 of 1200,.* 0.16' \
		"$SCRATCH/out"
	grep 'any decision about one workload is wrong is below 5 %' "$SCRATCH/out"
	jq -e '.look == 2 and (.machines | length) == 2 and (.settings[] |
		select(.name == "'$setting'") | .events == 2000 and .delivered.IPI == 14)' \
		"$SCRATCH/results/latest/results.json"
	# merging what was merged gives the same, and nothing counts twice
	sleep 1
	"$me" merge "$SCRATCH/results/latest/results.json" >"$SCRATCH/again" || [ $? = 4 ]
	diff <(grep ^C "$SCRATCH/out") <(grep ^C "$SCRATCH/again")
	# the table says what results.json does
	jq -r '.claims[] | .id as $id | (., (.mtr, .quick |
		select(.decision | IN("not run", "not asked") | not))) |
		"\($id) \(.workload) \(.decision) \(.conditions[0].relation) " +
		.conditions[0].setting' "$SCRATCH/results/latest/results.json" >"$SCRATCH/decided"
	[ "$(wc -l <"$SCRATCH/decided")" -gt 14 ]
	diff <(sed -n 's/  */ /g; /^C[0-9]/p' "$SCRATCH/results/latest/report" |
		awk 'NR == FNR { want[NR] = $0; next }
			{ print index($0, want[FNR] " ") == 1 ? want[FNR] : $0 }' \
			"$SCRATCH/decided" -) "$SCRATCH/decided"
	# what a run had decided stays decided, with counts of another run on top of its own
	jq -n "$claims"' + { machines: [{ date: "0", base: "a", fixed: "c" }], look: 4, settings: [
		{ runs: [{ name: "'$setting'", look: 1, outcome: "fail", text: "", events: 9000,
			violations: 900 },
		{ name: "pages_bad_kernel_mb_0", look: 1, outcome: "fail", text: "",
			events: 9000, violations: 600 },
		({ name: "pages_bad_kernel_mb_0", look: (2, 3, 4), outcome: "fail", text: "",
			events: 900, violations: 90 })] }] }' >"$SCRATCH/0.json"
	for n in "" "$SCRATCH/2.json"; do
		sleep 1
		# shellcheck disable=SC2086 # or none
		"$me" merge $n "$SCRATCH/0.json" >"$SCRATCH/out" || [ $? = 4 ]
		grep '^ok 1 C1 # confirmed for our workload$' "$SCRATCH/out"
	done
	jq -e '.look == 5 and (.claims[0] | .workload == "our workload" and .decided == 1 and
		.conditions[0].times_low > 0.4 and .conditions[0].times_high < 1)' \
		"$SCRATCH/results/latest/results.json"
	refused 2 "one run is there twice" "$me" merge "$SCRATCH/1.json" "$SCRATCH/1.json"
	refused 2 "takes results.json of runs" "$me" merge
	refused 2 "there is no file /nowhere" "$me" merge /nowhere
	refused 2 "is no results.json of claims or host" "$me" merge "$me"
	sleep 1
	"$me" merge "$SCRATCH/1.json" "$SCRATCH/2.json" >"$SCRATCH/out" || [ $? = 4 ]
	# the page stands alone, and is well-formed as far as tags go
	cd "$SCRATCH/results/latest"
	ls index.html rates.svg rates.png
	! grep -iE '(src|href)="?https?:' index.html || fail "the page does not stand alone"
	grep 'not observable &lt;here&gt;' index.html
	grep 'a &amp; b' index.html
	grep 'quick base: 16 of 100 events; workers created by IPI 6' index.html
	[ "$(grep -c 'MariaDB, its test: </span>not run' index.html)" = 7 ]
	[ "$(grep -c 'MariaDB, new databases: </span>confirmed' index.html)" = 1 ]
	[ "$(grep -c '<svg' index.html)" = 2 ]
	page_agrees .
	grep '^<p class="answer">our workload: 1 confirmed, 1 not observable here, .* open' index.html
	# a line for each claim, and one for each workload that was run, under their headings
	[ "$(sed -n '/<h2>/,$p' index.html | grep -o '<tr' | wc -l)" = 18 ]
	[ "$(grep -c 'our workload: </span>' index.html)" = 14 ]
	grep 'page_integrity</td>.*>2000 pages<.*>14 of 14<.*>0.007<.*>0.1<' index.html
	grep 'new databases</td>.*>100 databases<.*>6 of 6<.*>0.06<.*>0.16<' index.html
	grep 'so the rate of pages kthread is 0 to 0.0[0-9]* times that of' index.html
}

# What a guest is given to do is counted for what it was: its plan, what it leaves, and the counts.
check_claims_guest()
{
	local RESULT=$SCRATCH/claims

	# shellcheck source=vm/commands/claims.sh
	. "$VM_COMMANDS/claims.sh"
	mkdir "$RESULT"
	: >"$RESULT/counts"
	userspace_get() { :; }
	kernel_get() { KERNEL_NAME=6.1; }
	module_get() { :; }
	guest_disks() { :; }
	guest_run() {
		local name

		GUEST_STATE=ok
		mkdir "$2"
		cmp "$VM_GUEST/claims.sh" "$SCRATCH/guest.run"
		while read -r name _; do
			jq -n '{ kernel: "6.1", variants: [{ outcome: "pass", text: "right",
				events: 7, violations: 0 }] }' >"$2/$name.json"
		done <"$SCRATCH/guest.plan"
	}
	claims_guest arm64 distro arm64 1
	[ -s "$SCRATCH/guest.plan" ]
	diff <(cut -d ' ' -f 1 "$SCRATCH/guest.plan" | sort) \
		<(awk '$2 == 7 { print $1 }' "$RESULT/counts" | sort)
}

# Twice, in another order: every claim is decided, and alike. What each has to come to is not the
# test's to say, but that corruption is found on the one kernel and not on the other.
check_claims_measured()
{
	local seed

	for seed in 1 2; do
		IO_URING_COHERENCY_OUT=$SCRATCH/results "$TOP/run_tests.sh" claims --seed $seed \
			>"$SCRATCH/out" 2>&1 || { cat "$SCRATCH/out"; fail "not all are decided"; }
		grep '^ok' "$SCRATCH/results/latest/ktap" >"$SCRATCH/decided-$seed"
		cat "$SCRATCH/decided-$seed"
	done
	cmp "$SCRATCH/decided-1" "$SCRATCH/decided-2"
	[ "$(wc -l <"$SCRATCH/decided-1")" = 15 ]
	grep '^pages_bad_kernel_none_0 [0-9]* [1-9]' "$SCRATCH/results/latest/counts"
}

@test "claims" { t check_claims; }
@test "claims-counted" { t check_claims_counted; }
@test "claims-guest" { t check_claims_guest; }
@test "claims-time" { t check_claims_time; }
@test "claims-interrupted" { t check_claims_interrupted; }
@test "claims-merge" { t check_claims_merge; }
# bats test_tags=long
@test "claims-measured" { t check_claims_measured; }
