# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The results of a run for KCIDB, the database of KernelCI: run_tests.sh kcidb; kcidb.jq has what
# becomes what. Sourced by run_tests.sh.

COMMAND_SUMMARY="the results of host, vm or validate for KernelCI's database, as KCIDB 5.3"
COMMAND_ARGUMENTS="RESULTS"
COMMAND_OPTIONS="output origin"

OPT_FOLDER=
command_argument()
{
	[ -z "$OPT_FOLDER" ] || die $EXIT_USAGE "kcidb takes one folder of results, not '$1', too"
	OPT_FOLDER=$1
}

run_kcidb()
{
	local run runs=()

	[ -n "$OPT_FOLDER" ] || die $EXIT_USAGE "kcidb takes a folder of results"
	[ -d "$OPT_FOLDER" ] || die $EXIT_USAGE "there is no folder $OPT_FOLDER"
	[ -z "$OPT_OUTPUT" ] || kcidb_may_write "$OPT_OUTPUT"
	scratch
	# standard output may be the result
	need_packages jq >&2
	need_command jq "results are read with it"
	kcidb_others "$OPT_FOLDER" || readarray -t runs < <(kcidb_runs "$OPT_FOLDER")
	[ ${#runs[@]} != 0 ] ||
		die $EXIT_USAGE "$OPT_FOLDER has no results of host, vm or validate"
	for run in "${runs[@]}"; do
		kcidb_run "$OPT_FOLDER" "${run#.}"
	done >"$SCRATCH/runs"
	jq -s --arg origin "$OPT_ORIGIN" --arg digest "$(kcidb_digest "$OPT_FOLDER")" \
		--slurpfile results "$(kcidb_file "$OPT_FOLDER/results.json")" \
		-L "$VM_COMMANDS" 'include "kcidb"; kcidb($origin; $digest; $results[0] // {})' \
		<"$SCRATCH/runs" >"$SCRATCH/kcidb"
	if [ -z "$OPT_OUTPUT" ]; then
		cat "$SCRATCH/kcidb" 2>/dev/null ||
			die $EXIT_SKIP "cannot write to standard output"
	else
		kcidb_write "$OPT_OUTPUT"
	fi
	exit 0
}

# Whether it is of another command: those that have a results.json without two kernels, and
# bisect-step.
kcidb_others()
{
	[ ! -e "$1/answer" ] || return 0
	[ -e "$1/results.json" ] &&
		! jq -e 'has("base") and has("fixed")' "$1/results.json" >/dev/null 2>&1
}

# The runs in a folder, by the names of their folders in it: "." is that of host and vm.
kcidb_runs()
{
	local dir

	for dir in "$1" "$1"/base "$1"/base-* "$1"/fixed "$1"/fixed-*; do
		[ -d "$dir" ] || continue
		[ ! -s "$dir/ktap" ] && [ ! -s "$dir/console" ] &&
			[ -z "$(kcidb_programs "$dir")" ] || realpath --relative-to "$1" "$dir"
	done
}

# The files of results of programs.
kcidb_programs()
{
	find "$1/" -maxdepth 1 -name '*.json' ! -name results.json -size +0 | sort
}

# FILE, or an empty one.
kcidb_file()
{
	if [ -f "$1" ]; then
		echo "$1"
	else
		echo /dev/null
	fi
}

# kcidb_run FOLDER RUN: all that kcidb.jq takes of a run.
kcidb_run()
{
	local dir=$1${2:+/$2} files file

	readarray -t files < <(kcidb_programs "$dir")
	for file in "${files[@]}"; do
		jq -e '(.program | type) == "string" and (.variants | type) == "array"' "$file" \
			>/dev/null 2>&1 || die $EXIT_USAGE "$file is no file of results"
	done
	jq -n --arg run "$2" \
		--rawfile kernel "$(kcidb_file "$dir/kernel")" \
		--rawfile origin "$(kcidb_file "$dir/origin")" \
		--rawfile qemu "$(kcidb_file "$dir/qemu-version")" \
		--rawfile reason "$(kcidb_file "$dir/reason")" \
		--rawfile ktap "$(kcidb_file "$dir/ktap")" \
		'$ARGS.named + {programs: [inputs]}' "${files[@]}"
}

# What tells one run from any other: all that is read of it.
kcidb_digest()
{
	(
		cd "$1"
		find . -maxdepth 2 -type f \( -name '*.json' -o -name ktap -o -name kernel \
			-o -name origin -o -name qemu-version -o -name reason \) -print0 |
			sort -z | xargs -0 sha256sum | sha256sum | cut -c 1-16
	)
}

kcidb_may_write()
{
	local dir

	dir=$(dirname "$1")
	[ -d "$dir" ] || die $EXIT_USAGE "-o: there is no folder $dir"
	[ ! -d "$1" ] || die $EXIT_USAGE "-o: $1 is a folder"
	if [ -e "$1" ]; then
		[ -w "$1" ] || die $EXIT_SKIP "cannot write to $1"
	else
		[ -w "$dir" ] || die $EXIT_SKIP "cannot write to $dir"
	fi
}

# In its place when it is whole; a device or pipe has no place.
kcidb_write()
{
	if [ -e "$1" ] && [ ! -f "$1" ]; then
		cat "$SCRATCH/kcidb" 2>/dev/null >"$1" || die $EXIT_SKIP "cannot write to $1"
		return 0
	fi
	KCIDB_PARTIAL=$(realpath "$1").partial
	cleanup_hooks+=(kcidb_drop)
	cp "$SCRATCH/kcidb" "$KCIDB_PARTIAL" 2>/dev/null || die $EXIT_SKIP "cannot write to $1"
	mv -T "$KCIDB_PARTIAL" "${KCIDB_PARTIAL%.partial}"
}

kcidb_drop()
{
	rm -f "$KCIDB_PARTIAL"
}
