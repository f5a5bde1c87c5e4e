# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What every part of run_tests.sh uses: messages, clean-up, packages, phases with progress.
# Sourced, never run.

EXIT_FAIL=1
EXIT_USAGE=2
EXIT_SKIP=4
EXIT_NO_PATCH=$EXIT_USAGE	# a patch does not apply

CACHE=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/io_uring_coherency
RESULTS=${IO_URING_COHERENCY_OUT:-$TOP/results}
INSTALL_PACKAGES=yes

# for each make that is told nothing else
MAKEFLAGS=-j$(nproc)
export MAKEFLAGS

# One sentence on stderr and the exit code that goes with it. REASON is for the results of a failed
# run.
REASON=
die()
{
	local code=$1
	shift
	REASON=$*
	printf 'run_tests.sh: %s\n' "$*" >&2
	exit "$code"
}

say()
{
	printf '%s\n' "$*"
}

# jq's "short": a number with three digits.
# shellcheck disable=SC2016,SC2034 # a program of jq
JQ_SHORT='def short: if . == 0 then "0" else (. as $x |
	pow(10; 2 - ($x | fabs | log10 | floor)) as $p | $x * $p | round / $p | tostring) end;'

# --- clean-up: whatever was started or half written goes when this shell goes

CHILD=
declare -gA BESIDES=()	# processes by name, see beside()
SCRATCH=
cleanup_hooks=()

cleanup()
{
	local code=$? hook child
	trap - EXIT INT TERM HUP
	for child in "${BESIDES[@]}" $CHILD; do
		kill -TERM -- "-$child" 2>/dev/null || true
	done
	for child in "${BESIDES[@]}" $CHILD; do
		wait "$child" 2>/dev/null || true
	done
	for hook in "${cleanup_hooks[@]}"; do
		"$hook" "$code" || true
	done
	# who has the lock is the only one to have something half fetched
	[ -z "${LOCKS[fetch]:-}" ] ||
		rm -rf "$CACHE"/{source,distro,sysroot}/*.{partial,new,one} || true
	[ -z "$GUARD" ] || kill -KILL -- "-$GUARD" 2>/dev/null || true
	[ -z "$SCRATCH" ] || rm -rf "$SCRATCH"
	exit "$code"
}
trap cleanup EXIT
# nothing ends silently, and an error of ours is no verdict on a kernel: what no sentence was
# written for gets its place told, and ends as "cannot tell"
set -E
trap 'die $EXIT_SKIP "${BASH_COMMAND%% *} failed (${BASH_SOURCE[0]##*/}, line $LINENO)"' ERR
trap 'REASON=interrupted; exit 130' INT
trap 'REASON=terminated; exit 143' TERM HUP

# A directory that lives as long as this shell.
GUARD=
scratch()
{
	[ -z "$SCRATCH" ] || return 0
	SCRATCH=$(mktemp -d "${TMPDIR:-/tmp}/io_uring_coherency.XXXXXX")
	# SIGKILL leaves no time for a clean-up
	set -m
	scratch_guard >/dev/null 2>&1 </dev/null &
	GUARD=$!
	disown
	set +m
}

scratch_guard()
{
	trap - EXIT
	trap '' INT HUP
	tail -s 0.5 --pid=$$ -f /dev/null &
	wait $!
	rm -rf "$SCRATCH"
}

# apart COMMAND...: starts it in a shell of its own, which may die, with a scratch directory of its
# own; what it starts goes with it, however it ends. Its process is CHILD: the caller waits for it
# and then empties CHILD.
apart()
{
	set -m
	apart_shell "$@" </dev/null &
	CHILD=$!
	set +m
}

apart_shell()
{
	SCRATCH=$(mktemp -d "$SCRATCH/apart.XXXXXX")
	CHILD=
	BESIDES=()
	GUARD=
	cleanup_hooks=()
	trap cleanup EXIT
	trap 'exit 143' INT TERM HUP
	"$@"
}

# --- phases

# The seconds a phase took when it last ran to its end here, or the guess given with it.
phase_estimate()
{
	local file

	file=$(phase_file "$1")
	if [ -r "$file" ]; then
		cat "$file"
	else
		echo "$2"
	fi
}

# Where that is kept; a name may be longer than a file's.
phase_file()
{
	local file=${1//[^A-Za-z0-9._-]/_}

	[ ${#file} -le 100 ] || file=${file:0:80}-$(sha256sum <<<"$1" | cut -c 1-16)
	echo "$CACHE/timings/$file"
}

# phase GUESS LOG NAME COMMAND...: runs COMMAND with its output in LOG. On a terminal one line
# tells the time gone and the time that it may take; elsewhere one line at the end. COMMAND is in
# a process group of its own, so that an interrupt ends all of it; a program ends with this shell
# even if that is killed. Returns its exit code.
phase()
{
	local guess=$1 log=$2 name=$3 estimate start code=0
	shift 3
	estimate=$(phase_estimate "$name" "$guess")
	start=$SECONDS
	[ "$(type -t "$1")" = function ] || set -- setpriv --pdeathsig TERM -- "$@"
	set -m
	"$@" >"$log" 2>&1 </dev/null &
	CHILD=$!
	set +m
	phase_shown "$CHILD" "$name" " of about $estimate s"
	wait "$CHILD" || code=$?
	CHILD=
	if [ "$code" = 0 ]; then
		say "$name: $((SECONDS - start)) s"
		mkdir -p "$CACHE/timings"
		echo $((SECONDS - start)) >"$(phase_file "$name")"
	fi
	return "$code"
}

# phase_shown PROCESS NAME [TEXT]: on a terminal, the time that it takes, until it ends.
phase_shown()
{
	local start=$SECONDS

	[ -t 1 ] || return 0
	while kill -0 "$1" 2>/dev/null; do
		printf '\r%s: %d s%s\033[K' "$2" $((SECONDS - start)) "${3:-}"
		sleep 0.2
	done
	printf '\r\033[K'
}

# beside NAME COMMAND...: starts it apart, at the same time as what follows, until joined NAME,
# which tells what it said and returns its exit code; of a failure JOINED_ERROR has the sentence.
beside()
{
	local name=$1 said=$SCRATCH/beside.${1//\//-}
	shift

	apart "$@" >"$said" 2>"$said.errors"
	BESIDES[$name]=$CHILD
	CHILD=
}

joined()
{
	local name=$1 said=$SCRATCH/beside.${1//\//-} pid=${BESIDES[$1]} code=0

	phase_shown "$pid" "$name"
	wait "$pid" || code=$?
	unset "BESIDES[$name]"
	cat "$said"
	JOINED_ERROR=$(last_words "$said.errors")
	return "$code"
}

# --- packages

# need_packages PACKAGE...: has them, installs them (root, Debian, no --no-install), or tells the
# command that does. Where dpkg has not installed itself, what has the packages' commands is enough.
need_packages()
{
	local missing=()

	if ! dpkg-query -W dpkg >/dev/null 2>&1; then
		need_commands_of "$@"
		return 0
	fi
	# it fails for those that it does not know
	readarray -t missing < <(comm -23 <(printf '%s\n' "$@" | sort -u) <({
		dpkg-query -W -f '${Package} ${Status}\n' "$@" 2>/dev/null || true
	} | sed -n 's/ .*ok installed$//p' | sort -u))
	[ ${#missing[@]} -gt 0 ] || return 0
	if [ "$(id -u)" != 0 ] || [ "$INSTALL_PACKAGES" != yes ]; then
		die $EXIT_SKIP "packages are missing, install them by:" \
			"apt-get install --no-install-recommends ${missing[*]}"
	fi
	mkdir -p "$CACHE/logs"
	say "installing packages for $COMMAND: ${missing[*]}"
	install_packages() {
		apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y \
			--no-install-recommends "${missing[@]}"
	}
	phase 60 "$CACHE/logs/packages" "packages" install_packages ||
		die $EXIT_SKIP "packages could not be installed, see $CACHE/logs/packages:" \
			"$(tail -n 1 "$CACHE/logs/packages")"
}

# need_commands_of PACKAGE...: for systems that are not Debian. A library that is missing shows in a
# build.
need_commands_of()
{
	local missing=() p name

	for p in "$@"; do
		case $p in
		make | gcc | rsync | cpio | patch | flex | bison | bc | jq | perl | git) name=$p ;;
		xz-utils) name=xz ;;
		gnuplot-nox) name=gnuplot ;;
		e2fsprogs) name=mkfs.ext4 ;;
		xfsprogs) name=mkfs.xfs ;;
		gcc-*-linux-gnu*) name=${p#gcc-}-gcc name=${name/x86-64/x86_64} ;;
		*) continue ;;
		esac
		command -v "$name" >/dev/null || missing+=("$name")
	done
	[ ${#missing[@]} = 0 ] ||
		die $EXIT_SKIP "this is not Debian, so install by hand what is missing:" \
			"$(printf '%s\n' "${missing[@]}" | sort -u | paste -sd ' ')"
}

# need_command COMMAND WHAT: for systems that are not Debian.
need_command()
{
	command -v "$1" >/dev/null || die $EXIT_SKIP "$1 is missing: $2"
}

# locked NAME WHAT: waits until no other run has that lock of the cache, and says so: it is another
# run that WHAT. The lock goes with this shell, or with unlock NAME.
declare -A LOCKS=()
locked()
{
	local fd

	[ -z "${LOCKS[$1]:-}" ] || return 0
	mkdir -p "$CACHE/locks"
	exec {fd}>"$CACHE/locks/$1"
	if ! flock -n "$fd"; then
		say "waiting for another run that $2"
		set -m
		flock "$fd" &
		CHILD=$!
		set +m
		wait "$CHILD"
		CHILD=
	fi
	LOCKS[$1]=$fd
}

unlock()
{
	local fd=${LOCKS[$1]}

	unset "LOCKS[$1]"
	exec {fd}>&-
}

# missing DIRECTORY NAME WHAT: whether it has to be made; then by this run alone, under the lock
# NAME.
missing()
{
	[ ! -d "$1" ] || return 1
	locked "$2" "$3"
	[ -d "$1" ] || return 0
	unlock "$2"
	return 1
}

# need_space DIRECTORY MEBIBYTES
need_space()
{
	local free

	mkdir -p "$1" 2>/dev/null || die $EXIT_SKIP "cannot write to $1"
	[ -w "$1" ] || die $EXIT_SKIP "cannot write to $1"
	free=$(df --output=avail -m "$1" | tail -n 1)
	[ "$free" -ge "$2" ] ||
		die $EXIT_SKIP "no space: $1 has $((free)) MiB free, $2 MiB are needed"
}

# --- architectures: our name, Debian's, the kernel's, the compiler's; QEMU and its package, which
# those that are built for alone do not have; the prebuilt kernel, if guests have one

declare -A DEB_ARCH=() KBUILD_ARCH=() TRIPLET=() QEMU=() QEMU_PACKAGE=() DISTRO_KERNEL=()
ARCHITECTURES=()	# those of guests

architectures()
{
	local arch deb kbuild triplet qemu package kernel

	while read -r arch deb kbuild triplet qemu package kernel; do
		DEB_ARCH[$arch]=$deb KBUILD_ARCH[$arch]=$kbuild TRIPLET[$arch]=$triplet
		[ -n "$qemu" ] || continue
		ARCHITECTURES+=("$arch")
		QEMU[$arch]=qemu-system-$qemu QEMU_PACKAGE[$arch]=qemu-system-$package
		[ -z "$kernel" ] || DISTRO_KERNEL[$arch]=linux-image-$kernel
	done
}

architectures <<-'EOF'
	ppc64le  ppc64el  powerpc  powerpc64le-linux-gnu  ppc64    ppc   powerpc64le
	ppc64    ppc64    powerpc  powerpc64-linux-gnu    ppc64    ppc
	arm64    arm64    arm64    aarch64-linux-gnu      aarch64  arm   arm64
	riscv64  riscv64  riscv    riscv64-linux-gnu      riscv64  misc
	s390x    s390x    s390     s390x-linux-gnu        s390x    misc
	x86_64   amd64    x86      x86_64-linux-gnu       x86_64   x86   cloud-amd64
	armhf    armhf    arm      arm-linux-gnueabihf    arm      arm
	i386     i386     x86      i686-linux-gnu         i386     x86
	hppa     hppa     parisc   hppa-linux-gnu         hppa     misc
	m68k     m68k     m68k     m68k-linux-gnu
	mips64   mips64el mips     mips64el-linux-gnuabi64
EOF

# Whether the module's arch.h is for that architecture.
module_for()
{
	[[ $1 =~ ^(ppc64le|ppc64|x86_64|arm64)$ ]]
}

# Debian 12 has packages of them; of the others no more than a compiler and its libc.
DEBIAN_PORTS="ppc64le x86_64 arm64 armhf i386 s390x"

# The prefix of the cross compiler; empty when the machine is of that architecture.
cross_prefix()
{
	case $1-$(uname -m) in
	ppc64le-ppc64le | x86_64-x86_64 | arm64-aarch64 | i386-i?86) echo ;;
	*) echo "${TRIPLET[$1]}-" ;;
	esac
}

# Debian packages that build for an architecture.
compiler_packages()
{
	if [ -z "$(cross_prefix "$1")" ]; then
		echo gcc libc6-dev
	else
		echo "gcc-${TRIPLET[$1]//_/-} libc6-dev-${DEB_ARCH[$1]}-cross"
	fi
}

# What a build failed for: the compiler's or the linker's first error, else make's.
build_error()
{
	grep -m 1 -E ': (fatal )?error: |undefined reference|: multiple definition' "$1" ||
		grep -m 1 -E '\*\*\* |^ERROR: ' "$1" || last_words "$1"
}

# What a failed phase said last, without the name that die() puts before it.
last_words()
{
	grep -v '^$' "$1" 2>/dev/null | tail -n 1 | sed 's/^run_tests.sh: //'
}
