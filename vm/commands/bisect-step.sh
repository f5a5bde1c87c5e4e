# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# One step of git bisect run: run_tests.sh bisect-step. Sourced by run_tests.sh.
#
# To git bisect run 0 is good, 125 is "cannot be tested", what else is below 128 is bad, and from
# 128 on the bisect ends. So whatever an error of this machine, of this kernel, or of ours leaves
# open is 125; and 255 is wrong usage, which the next step would not mend.

COMMAND_SUMMARY="for git bisect run: is this kernel good (0), bad (1), or can nobody tell (125)?"
COMMAND_ARGUMENTS="[K]"	# default: tree:. , the current directory
COMMAND_OPTIONS="base detector $GUEST_OPTIONS"
OPTION_TEXT[base]="one to compare with (default: none)"

EXIT_USAGE=255
EXIT_SKIP=125
EXIT_NO_PATCH=$EXIT_SKIP

OPT_KERNEL=tree:.	# the current directory
OPT_BASE=
command_argument()
{
	[ -z "${GIVEN[kernel]:-}" ] || die $EXIT_USAGE "'$1' is not an option, see --help"
	OPT_KERNEL=$1
	GIVEN[kernel]=yes
}

# What a bad kernel shows, where there is no --base: a violation with each event, as all kernels
# without the fix do. So many, as counts to compare with.
BISECT_BASE=(1000 1000)

# Counts alone make a kernel good or bad, and never an exit code.
bisect_measure()
{
	local base=("${BISECT_BASE[@]}") fixed runs dir reason

	start
	command_packages "$OPT_ARCH" "$OPT_KERNEL" "$OPT_BASE" -- jq
	need_command jq "results are read with it"
	userspace_get "$OPT_ARCH" "$OPT_DETECTOR" barrier_ctl
	host_get verdict
	result_open bisect-step
	if [ -n "$OPT_BASE" ]; then
		kernel_get "$OPT_BASE" "$OPT_ARCH"
		base_measure
		[ "$GUEST_STATE" = ok ] || die $EXIT_SKIP "base: $GUEST_REASON"
		[ "${base[1]}" != 0 ] || die $EXIT_SKIP "the base does not show the problem"
	fi
	kernel_get "$OPT_KERNEL" "$OPT_ARCH"
	fixed_measure step
	reason=$GUEST_REASON
	if [ "$GUEST_STATE" != ok ]; then
		guest_console "$dir"
	else
		reason=$(unanswered fail "${runs[@]}")
		[ -n "$reason" ] || reason=$(unanswered skip "${runs[@]}")
		reason=${reason/the fixed kernel/this kernel}
	fi
	if [ "${fixed[1]}" != 0 ]; then
		say "bad: $("$HOST/verdict" --sentence "${fixed[@]}")"
	elif [ -n "$reason" ]; then
		say "cannot tell: $reason"
	elif "$HOST/verdict" "${VERDICT[@]}" "${base[@]}" "${fixed[@]}" >"$SCRATCH/verdict"; then
		say "good: $("$HOST/verdict" --sentence "${fixed[@]}")"
	else
		say "cannot tell: $(sed 's/^[^(]*(\(.*\))$/\1/' "$SCRATCH/verdict")"
	fi >"$RESULT/answer"
	cp "$RESULT/answer" "$BISECT_ANSWER"
	result_close
}

# The answer is the one line on stdout; all else is told on stderr.
run_bisect_step()
{
	local code=0

	[[ -n $OPT_BASE || $OPT_DETECTOR == live_registers ]] ||
		die $EXIT_USAGE "--detector $OPT_DETECTOR needs a --base: how often" \
			"its violations come is not known"
	measure_by_detector
	kernel_check "$OPT_KERNEL"
	[ -z "$OPT_BASE" ] || kernel_check "$OPT_BASE"
	path_check
	scratch
	BISECT_ANSWER=$SCRATCH/answer
	apart bisect_measure >&2 2>"$SCRATCH/errors"
	wait "$CHILD" || code=$?
	CHILD=
	cat "$SCRATCH/errors" >&2
	[ "$code" != $EXIT_USAGE ] || exit $EXIT_USAGE
	[ -s "$BISECT_ANSWER" ] || say "cannot tell: $(last_words "$SCRATCH/errors")" \
		>"$BISECT_ANSWER"
	cat "$BISECT_ANSWER"
	case $(cat "$BISECT_ANSWER") in
	good:*) exit 0 ;;
	bad:*) exit $EXIT_FAIL ;;
	*) exit $EXIT_SKIP ;;
	esac
}
