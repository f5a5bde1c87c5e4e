#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
#
# ring_complete on this machine: as it is, and with what it has to find.

# bats file_tags=quick
# shellcheck source=tests/lib.bash
. "$BATS_TEST_DIRNAME/lib.bash"

# A kernel that breaks a promise in a way that is mended by now is no failure of ours.
# shellcheck disable=SC2016 # jq's
COMPLETE_KNOWN='.outcome == "fail" and (.fix as $fix | $fix and (.text | endswith($fix)))'
# What a kernel may lack, and a machine that is too busy, but no request that fails.
COMPLETE_SKIPS='^inconclusive: |^this kernel (does not have|ends) |^no disk |disabled|is privileged'

# complete_run ARGS...: in $SCRATCH/json, and what each case that was asked for came to.
complete_run()
{
	"$HOST/ring_complete" --json "$SCRATCH/json" "$@" >"$SCRATCH/out" 2>&1 || [ $? != 2 ]
	jq -r '.variants[] | select(.text != "not asked for") |
		"\(.name): \(.outcome): \(.text)"' "$SCRATCH/json"
}

# Each case has an answer here, or a reason for none; a failure is one that kernels are known for.
check_complete_here()
{
	local other

	complete_run
	other=$(jq -r --arg skips "$COMPLETE_SKIPS" '.variants[] |
		select(.text != "not asked for") | select((.outcome == "pass" or
		('"$COMPLETE_KNOWN"') or
		(.outcome == "skip" and (.text | test($skips)))) | not) | .name' "$SCRATCH/json")
	[ -z "$other" ] || fail "neither an answer nor a reason: $other"
	jq -e '[.variants[] | select(.outcome == "pass") | .violations == 0 and .events >= 20 and
		.lost == null] | all' "$SCRATCH/json"
	jq -e '[.variants[] | select(.faults.lost > 0) | (.lost | length > 0) and
		(.lost[0] | .waited_ms >= 1000 and .what != "" and .thread != "" and
			.state == "S" and .syscall != "")] | all' "$SCRATCH/json"
	jq -e '[.variants[] | .promise != "" and .by != ""] | all and length >= 46' \
		"$SCRATCH/json"
}

# What is wrong is told as what it is, and late is not lost: complete_faults.c and ring_lose.c.
# A kernel may lack the feature.
check_complete_faults()
{
	local fault case want got refused='does not have|disabled|privileged|ends a receive|no disk'

	fault_get complete_faults.so ring_lose.so
	while read -r fault case want; do
		# a busy disk has few transfers, and a fault in each 20th of them may change none
		for _ in 1 2 3; do
			FAULT=$fault LOSE=$fault \
				LD_PRELOAD=$HOST/complete_faults.so:$HOST/ring_lose.so \
				"$HOST/ring_complete" --case "$case" --json "$SCRATCH/json" \
				>"$SCRATCH/out" 2>&1 || true
			got=$(jq -r --arg name "$case" '.variants[] | select(.name == $name) |
				"\([.outcome, (.faults | to_entries[] | select(.value > 0).key)] |
				join(" ")): \(.text)"' "$SCRATCH/json")
			say "$fault: $case: $got"
			[[ $got =~ $refused || ${got%%:*} =~ ^$want$ ]] && continue 2
		done
		fail "'$want' is what it should be"
	done <<-'EOF'
		oversleep shared_wake fail lost
		oversleep pipe_eof fail lost
		lose_eventfd eventfd_defer fail lost
		silent shared_hash fail lost
		silent cq_overflow fail lost
		again shared_hash fail twice
		short shared_hash fail wrong
		short transfer_read fail wrong
		short transfer_write fail wrong
		short link_read fail wrong
		misplaced transfer_read fail wrong
		misplaced transfer_write fail wrong
		misplaced transfer_direct fail wrong
		not_written transfer_write fail wrong
		not_written transfer_direct fail wrong
		unmoved transfer_pos fail wrong
		broken_link link_read fail wrong
		same_buffer two_recv fail wrong
		short buffer_read fail wrong
		misplaced buffer_read fail wrong
		same_buffer buffer_read fail wrong
		misnamed buffer_read fail wrong
		lost_buffer buffer_read fail wrong
		lost_buffer buffer_fail fail wrong
		misnamed buffer_fail fail wrong
		swallowed buffer_recv fail wrong
		other_buffer buffer_recv fail wrong
		no_buffer buffer_recv fail wrong
		silent buffer_recv fail lost
		swallowed buffer_bundle fail wrong
		given_twice buffer_bundle fail wrong
		not_more buffer_incremental fail wrong
		given_twice buffer_incremental fail wrong
		unordered drain fail order
		unordered links fail .*order
		no_wait sq_wait fail early
		cancelled signal_cancel fail cancelled
		silent signal_storm fail lost
		again signal_storm fail twice.*
		short signal_storm fail wrong
		no_stack signal_storm fail wrong
		silent signal_epoll fail lost
		crash signal_epoll fail wrong
		unmasked signal_epoll fail wrong
		no_stack signal_work fail wrong
		all_cancelled cancel fail wrong( cancelled)?
		other_cancelled cancel fail lost.*
		not_cancelled cancel fail (lost|wrong|lost wrong)
		again cancel fail twice.*
		short cancel fail wrong
		timeout_early timeout fail (wrong )?early
		miscounted timeout fail early
		other_removed timeout fail (lost|wrong|lost wrong).*
		not_removed timeout fail (lost|wrong|lost wrong)
		again timeout fail twice.*
		timeout_early link_timeout fail wrong early
		timeout_never link_timeout fail (lost|wrong|lost wrong)
		again link_timeout fail twice.*
		short link_timeout fail wrong
		silent link_timeout fail lost
		lost_message msg_ring fail lost
		changed_message msg_ring fail wrong
		swapped msg_ring fail order
		again msg_ring fail twice.*
		other_slot files_update fail (lost|wrong|lost wrong)
		stale_file files_update fail (lost|wrong|lost wrong)
		short files_update fail wrong
		silent files_update fail lost
		linked_late files_update pass
		other_buffer buffers_update fail wrong
		stale_buffer buffers_update fail wrong
		silent buffers_update fail lost
		short splice fail wrong
		misplaced splice fail wrong
		not_written splice fail wrong
		silent splice fail lost
		misread send_zc fail wrong
		not_held send_zc fail (twice|wrong|twice wrong)
		never_notified send_zc fail lost
		no_append append fail wrong
		short append fail wrong
		not_written append fail wrong
		again append fail twice wrong
		late shared_hash (pass|skip)
		busy shared_wake (pass|skip)
	EOF
}

# A seed is in the results; cases that are not asked for do not run; without a ring, and on what is
# no disk, there is a reason.
check_complete_options()
{
	complete_run --case drain,links --seed 7 --cpus 0
	jq -e '.seed == 7 and .cpus == 1' "$SCRATCH/json"
	jq -e '[.variants[] | select(.text != "not asked for") | .name] == ["drain", "links"]' \
		"$SCRATCH/json"
	code_is 4 "$HOST/ring_complete" --case transfer_read --dir /dev/shm --json "$SCRATCH/json"
	jq -e '.variants[] | select(.name == "transfer_read").text | test("is on no disk")' \
		"$SCRATCH/json"
	code_is 4 "$HOST/without_io_uring" "$HOST/ring_complete" --json "$SCRATCH/json"
	jq -e '[.variants[].text | select(. != "not asked for") |
		test("^io_uring is disabled")] | all' "$SCRATCH/json"
	"$HOST/ring_complete" --list | grep -A 1 '^drain  ' | grep 'io_uring_enter(2)'
}

@test "ring-complete-here" { t check_complete_here; }
@test "ring-complete-faults" { t check_complete_faults; }
@test "ring-complete-options" { t check_complete_options; }
