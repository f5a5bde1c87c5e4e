# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The results of a run: written aside, and in their place only when they are whole. A run that does
# not come to its end keeps what it has, as NAME-failed, with the reason. Sourced by run_tests.sh.

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
		[ -z "$(find -L "$RESULT_FINAL.partial" -type f -size +0 | head -n 1)" ]; then
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

# The programs that ask something of a kernel, and their option for some of the names that they
# have; the others test the module.
declare -A DETECTOR_ONLY=([live_registers]=--only [page_integrity]=--engine [ring_order]=--edge
	[ring_complete]=--case [kernel_order]=--edge)

# The exit code for a KTAP report of the runner: 1 with a failure, 4 without an answer of a
# detector.
ktap_code()
{
	if grep -q '^not ok' "$1"; then
		echo $EXIT_FAIL
	elif ! grep -q '^ok' "$1"; then
		echo $EXIT_FAIL
	elif ! grep -E "^ok .*: ($(tr ' ' '|' <<<"${!DETECTOR_ONLY[*]}"))( |\$)" "$1" |
		grep -qv '# SKIP'; then
		echo $EXIT_SKIP
	else
		echo 0
	fi
}
