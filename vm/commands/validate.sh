# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Does this fix it? Two kernels, one verdict: run_tests.sh validate. Sourced by run_tests.sh.

COMMAND_SUMMARY="does this fix it? Two kernels, one verdict: FIXED, NOT FIXED or INCONCLUSIVE"
COMMAND_OPTIONS="base fixed detector quick $GUEST_OPTIONS"
OPTION_TEXT[arch]+=$'\nor all: one after the other, and a table'
OPTION_TEXT[quick]="Debian's kernel with a planted fault and without, nothing is built"

# base_fetch K: what only has to be fetched, while packages are installed; xz may be one of them.
base_fetch()
{
	if [[ $1 == source:* ]]; then
		! command -v xz >/dev/null || kernel_source "${1%%^*}"
	else
		kernel_get "$1" "$OPT_ARCH"
		[ -z "$KERNEL_PLANTS" ] || module_headers "$OPT_ARCH"
		sysroot_get "$OPT_ARCH"
		kselftest_fetch
	fi
}

# distro_module K: the module for it, while the tests are built.
distro_module()
{
	kernel_get "$1" "$OPT_ARCH"
	[ -z "$KERNEL_PLANTS" ] || module_get "$OPT_ARCH"
}

# What the fix of 2023 was about, or the nearest to it that the module can plant.
declare -A PLANTS=([ppc64le]="fp,vector" [ppc64]="fp,vector" [x86_64]=vector [arm64]=vector)
# ... and a patch of its own where the module is not for the architecture.
declare -A PATCHES=([armhf]=+arm-fork-clears-vfp [hppa]=+parisc-fork-clears-fp
	[i386]=+x86-fork-clears-fp [riscv64]=+riscv-save-clobbers-fp [s390x]=+s390-fork-clears-vx)

# What is asked of OPT_ARCH: sets the kernels that were not given, and refuses what cannot be.
validate_asked()
{
	measure_by_detector
	if [ -n "$OPT_QUICK" ]; then
		[ -n "${GIVEN[base]:-}" ] || OPT_BASE="distro^${PLANTS[$OPT_ARCH]:-vector}"
		[ -n "${GIVEN[fixed]:-}" ] || OPT_FIXED=distro
		MEASURE=("${MEASURE_QUICK[@]}")
		VERDICT=("${VERDICT_QUICK[@]}")
	elif [ -z "${GIVEN[base]:-}" ] && [[ $OPT_ARCH != ppc64* ]]; then
		# the patch of the default is one of arch/powerpc
		OPT_BASE="source:6.1${PATCHES[$OPT_ARCH]:-^${PLANTS[$OPT_ARCH]}}"
	fi
	[ -z "$OPT_QUICK" ] || [ -z "${GIVEN[detector]:-}" ] ||
		die $EXIT_USAGE "--quick is about registers, so it takes no --detector"
	kernel_check "$OPT_BASE"
	kernel_check "$OPT_FIXED"
}

# The same command for ARCH alone, in place of the shell that calls this; its results are beside
# those of all.
validate_apart()
{
	export IO_URING_COHERENCY_OUT=$RESULTS/$1
	exec setpriv --pdeathsig TERM -- "$TOP/run_tests.sh" "${COMMAND_LINE[@]}" --arch "$1"
}

# validate_arch ARCH: runs that; RESULT/ARCH leads to its results. Adds what it came to, or why to
# nothing, to $SCRATCH/verdicts, and returns its exit code.
validate_arch()
{
	local code=0 last=$RESULTS/$1/latest

	rm -f "$last"
	set -m
	validate_apart "$1" 2>"$SCRATCH/errors" </dev/null &
	CHILD=$!
	set +m
	wait "$CHILD" || code=$?
	CHILD=
	cat "$SCRATCH/errors" >&2
	[ ! -e "$last" ] || ln -s "../$1/$(readlink "$last")" "$RESULT/$1"
	last=$RESULT/$1/results.json
	[ -e "$last" ] || last=/dev/null
	jq -n --arg arch "$1" --arg why "$(last_words "$SCRATCH/errors")" "$JQ_EVIDENCE"'
		def side: counts + { hit: hit };
		(input? // { verdict: "none", reason: $why }) | { arch: $arch, verdict, reason,
			base: (.base | side), fixed: (.fixed | side) }' "$last" \
		>>"$SCRATCH/verdicts"
	return $code
}

# One architecture after the other; those that it cannot be asked of are refused before the first.
validate_all()
{
	local arch archs=() one code=0

	for arch in "${ARCHITECTURES[@]}"; do
		[ -z "$OPT_QUICK" ] || [ -n "${DISTRO_KERNEL[$arch]:-}" ] || continue
		(OPT_ARCH=$arch && validate_asked) || exit $?
		archs+=("$arch")
	done
	start
	need_packages jq
	need_command jq "results are read with it"
	result_open validate
	for arch in "${archs[@]}"; do
		say "architecture: $arch"
		one=0
		validate_arch "$arch" || one=$?
		[ $one = 0 ] || [ $one = $EXIT_FAIL ] || one=$EXIT_SKIP
		[ $one = 0 ] || [ $code = $EXIT_FAIL ] || code=$one
	done
	jq -s . "$SCRATCH/verdicts" >"$RESULT/results.json"
	jq -r "$JQ_EVIDENCE"'["", "base", "registers hit", "fixed", "verdict"], (.[] | [.arch,
			(.base | "\(.violations) of \(.events)", (.hit | listed)),
			(.fixed | "\(.violations) of \(.events)"),
			.verdict + if .verdict == "FIXED" then "" else " (\(.reason))" end]) |
		join("|")' "$RESULT/results.json" | report_table | tee "$RESULT/report"
	page_write "Does a patch end what is wrong?" "$(jq -r '"FIXED: \(map(
		select(.verdict == "FIXED")) | length) of \(length) architectures"' \
		"$RESULT/results.json")"
	result_close
	exit $code
}

run_validate()
{
	local base fixed runs dir reason='' line code=0

	[ "$OPT_ARCH" != all ] || validate_all
	validate_asked
	start
	[[ $OPT_BASE$OPT_FIXED == *source:* ]] || KSELFTEST_ALONE=yes
	if debian_tools && [[ $OPT_BASE =~ ^(distro|source:) ]]; then
		beside "fetch the base" base_fetch "$OPT_BASE"
	fi
	command_packages "$OPT_ARCH" "$OPT_BASE" "$OPT_FIXED" -- jq
	[ ${#BESIDES[@]} = 0 ] || joined "fetch the base" || die $? "$JOINED_ERROR"
	[ "${OPT_BASE%%^*}" != distro ] ||
		beside "the rest of the module" distro_module "$OPT_BASE"
	need_command jq "results are read with it"
	userspace_get "$OPT_ARCH" "$OPT_DETECTOR" barrier_ctl
	host_get verdict
	[ ${#BESIDES[@]} = 0 ] || joined "the rest of the module" || die $? "$JOINED_ERROR"
	result_open validate

	kernel_get "$OPT_BASE" "$OPT_ARCH"
	base_measure
	if [ "$GUEST_STATE" != ok ]; then
		guest_console "$RESULT/base"
		inconclusive "base: $GUEST_REASON"
	fi
	kernel_get "$OPT_FIXED" "$OPT_ARCH"
	fixed_measure fixed
	if [ "$GUEST_STATE" != ok ]; then
		guest_console "$dir"
		reason="fixed: $GUEST_REASON"
		[ "$GUEST_STATE" != no-boot ] || inconclusive "$reason"
	fi

	paste -d '|' <(printf '%s\n' '' kernel linux events violations 'rate (95 %)' \
		'first violation' "$(measure_hit)") \
		<(column base "${base[@]}" "$RESULT/base") \
		<(column fixed "${fixed[@]}" "${runs[@]}") |
		report_table | tee "$RESULT/report"

	# counts alone are not enough: a variant that died, failed or gave no answer counts nothing
	[ -n "$reason" ] || reason=$(unanswered fail "${runs[@]}")
	if [ "$GUEST_STATE" = unwell ] && [ "${fixed[1]}" = 0 ]; then
		inconclusive "$reason"
	elif [ -n "$reason" ]; then
		line="verdict: NOT FIXED ($reason)"
		code=$EXIT_FAIL
	elif [ "${fixed[1]}" = 0 ] && [ "${base[1]}" != 0 ] &&
		reason=$(unanswered skip "${runs[@]}") && [ -n "$reason" ]; then
		inconclusive "$reason"
	else
		line=$("$HOST/verdict" "${VERDICT[@]}" "${base[@]}" "${fixed[@]}") || code=$?
	fi
	verdict_close "$line" "$code"
}
