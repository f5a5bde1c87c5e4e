# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# host on several machines at a time, by ssh: what is built here runs there. host_ask.sh asks one of
# them, vm/guest/host_there.sh is its other side. Sourced by host.sh.

# hosts_given A,B,...: sets HOSTS, of names that ssh knows, with users or without.
hosts_given()
{
	local name

	HOSTS=()
	while read -r name; do
		[[ $name =~ ^[A-Za-z0-9_][A-Za-z0-9@._:%-]*$ ]] ||
			die $EXIT_USAGE "--hosts: '$name' is no host that ssh could take"
		[[ " ${HOSTS[*]} " != *" $name "* ]] ||
			die $EXIT_USAGE "--hosts: $name is there twice: its counts must not add up"
		HOSTS+=("$name")
	done < <(tr , '\n' <<<"$1")
}

# Every host at the same time, each into a folder of its name.
hosts_ask()
{
	local there=$SCRATCH/there

	cp -r "$SCRATCH/installed" "$there"
	cp "$VM_GUEST/machine.sh" "$there/"
	printf '%s\n' "$OPT_ARGS" >"$there/args"
	tar -C "$there" --owner=root:0 --group=root:0 -czf "$SCRATCH/tests.tar.gz" .
	mkdir -p "$SCRATCH/parallel"
	# it fails with hosts that have no answer, of which each has its reason
	phase 120 "$SCRATCH/log" "run on ${#HOSTS[@]} hosts" env PARALLEL_SHELL=/bin/bash \
		PARALLEL_HOME="$SCRATCH/parallel" TMPDIR="$SCRATCH/parallel" \
		parallel --will-cite --quote --jobs 0 --termseq TERM,2000,KILL \
		"$VM_COMMANDS/host_ask.sh" "$VM_GUEST/host_there.sh" "$SCRATCH/tests.tar.gz" \
		"$OPT_TIMEOUT" "$OPT_SSH_CONFIG" "$RESULT" ::: "${HOSTS[@]}" ||
		die $EXIT_SKIP "the hosts cannot be asked: $(last_words "$SCRATCH/log")"
}

# Why HOST has no answer; nothing if it has one.
hosts_reason()
{
	cat "$RESULT/$1/reason" 2>/dev/null || true
}

# A line for each host, and for what they come to; of one without an answer, why.
hosts_table()
{
	local name

	for name in "${HOSTS[@]}"; do
		jq -n --arg name "$name" --arg reason "$(hosts_reason "$name")" \
			'{ name: $name, reason: $reason }'
	done | jq -rs -L "$VM_COMMANDS" --slurpfile all "$RESULT/results.json" \
		'include "pool"; machines($all[0])' | report_table
}

# The exit code: that of a failure on any host, or of a host without an answer.
hosts_code()
{
	local name code=0 one

	for name in "${HOSTS[@]}"; do
		one=$EXIT_SKIP
		[ -n "$(hosts_reason "$name")" ] || one=$(ktap_code "$RESULT/$name/ktap")
		[ "$one" = 0 ] || [ "$code" = $EXIT_FAIL ] || code=$one
	done
	echo "$code"
}

hosts_run()
{
	local name files=() code

	need_packages parallel openssh-client
	need_command parallel "hosts are asked by it, side by side"
	need_command ssh "hosts are asked by it"
	host_build
	host_get verdict
	result_open host
	hosts_ask
	for name in "${HOSTS[@]}"; do
		if [ -n "$(hosts_reason "$name")" ]; then
			say "$name: no answer: $(hosts_reason "$name")"
		else
			readarray -t -O ${#files[@]} files < <(find "$RESULT/$name" \
				-maxdepth 1 -name '*.json' | sort)
		fi
	done
	POOL_DATE=$(date -Is)
	pool "${files[@]}"
	{
		pool_questions
		echo
		hosts_table
	} >"$RESULT/report"
	cat "$RESULT/report"
	page_write "What of this is wrong with a kernel?" "${#HOSTS[@]} hosts: ${HOSTS[*]}"
	code=$(hosts_code)
	result_close
	exit "$code"
}
