# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Debian packages of any suite and architecture, without touching the machine's own package
# state: a private apt state for each pair, downloads, dpkg -x. Sourced by run_tests.sh.

# Suites in the order in which a package is looked for; the newest kernel is in sid.
DEBIAN_SUITES="bookworm bullseye sid trixie"

DEBIAN_KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

# Whether this machine can fetch Debian's packages and unpack them, as others than Debian can.
debian_tools()
{
	command -v apt-get >/dev/null && command -v dpkg >/dev/null
}

# debian_mirrors [-security]: the mirrors that may have Debian's suites, or their security updates,
# one URI a line: what $DEBIAN_MIRROR names, else those of this machine's apt. Other repositories
# may be among them, which do not have Debian's signature.
debian_mirrors()
{
	if [ -n "${DEBIAN_MIRROR:-}" ]; then
		[ -n "${1:-}" ] || echo "$DEBIAN_MIRROR"
		return 0
	fi
	# without indexes, on a new machine, "apt-get indextargets" has nothing
	apt-get update --print-uris |
		sed -n "s,^'\(.*\)/dists/\(.*\)/main/binary-.*,\1 \2,p" | awk -v want="${1:-}" '{
			is = $2 ~ /-security$/ ? "-security" : $2 ~ /-/ ? "other" : ""
			if (is == want && !seen[$1]++) print $1 }'
}

# apt_private SUITE ARCH COMMAND...: runs an apt tool on the private state.
apt_private()
{
	local state=$CACHE/apt/$1-$2 arch=$2 tool=$3
	shift 3
	"$tool" -o Dir::State="$state" -o Dir::State::lists="$state/lists" \
		-o Dir::State::status="$state/status" -o Dir::Cache="$state" \
		-o Dir::Cache::pkgcache=pkgcache.bin -o Dir::Cache::srcpkgcache=srcpkgcache.bin \
		-o Dir::Etc::sourcelist="$state/sources.list" \
		-o Dir::Etc::sourceparts="$state/parts" \
		-o Dir::Etc::preferencesparts="$state/parts" \
		-o APT::Architecture="$arch" -o APT::Architectures="$arch" \
		-o APT::Sandbox::User=root -o Acquire::Languages=none "$@"
}

# debian_sources SUITE ARCH MIRROR: the lines of its sources.list.
debian_sources()
{
	local by="[signed-by=$DEBIAN_KEYRING]" security

	echo "deb $by $3 $1 main"
	case $1 in
	bookworm | trixie) echo "deb-src $by $3 $1 main" ;;
	esac
	# for kernels; ppc64el is not there, and of i386 none is taken
	case $1-$2 in
	bookworm-amd64 | bookworm-arm64)
		security=$(debian_mirrors -security | head -n 1)
		[ -z "$security" ] || echo "deb $by $security bookworm-security main"
		;;
	esac
}

# Makes the private state of a suite and architecture, or renews it when it is a day old. One that
# cannot be renewed goes on being used. Returns 1 where it cannot be had; its log tells why.
debian_suite()
{
	local suite=$1 arch=$2 state=$CACHE/apt/$1-$2 mirror

	if [ -n "$(find "$state/fresh" -mtime -1 2>/dev/null)" ]; then
		return 0
	fi
	need_command apt-get "Debian's packages are fetched with it"
	need_command dpkg "Debian's packages are unpacked with it"
	[ -r $DEBIAN_KEYRING ] ||
		die $EXIT_SKIP "there is no $DEBIAN_KEYRING (debian-archive-keyring)"
	mkdir -p "$state/lists/partial" "$state/archives/partial" "$state/parts"
	: >"$state/status"
	echo "apt on this machine knows no Debian mirror, set DEBIAN_MIRROR" >"$state/log"
	for mirror in $(debian_mirrors); do
		debian_sources "$suite" "$arch" "$mirror" >"$state/sources.new"
		# without that mode a mirror which cannot be reached is only worth a warning to it
		if apt_private "$suite" "$arch" apt-get -q -o APT::Update::Error-Mode=any \
			-o Dir::Etc::sourcelist="$state/sources.new" \
			-o APT::Get::List-Cleanup=false update >"$state/log" 2>&1; then
			mv "$state/sources.new" "$state/sources.list"
			: >"$state/fresh"
			return 0
		fi
	done
	[ -e "$state/fresh" ]
}

# debian_away SUITE ARCH: why debian_suite() does not have it.
debian_away()
{
	echo "Debian's $1 cannot be reached: $(tail -n 1 "$CACHE/apt/$1-$2/log")"
}

# debian_find PACKAGE ARCH: prints "SUITE VERSION" of the first suite that has it. Dies where none
# does; as the caller reads it from a subshell, the caller has to exit with its code.
debian_find()
{
	local suite version dead=''

	for suite in $DEBIAN_SUITES; do
		if ! debian_suite "$suite" "$2"; then
			dead=$(debian_away "$suite" "$2")
			continue
		fi
		version=$(apt_private "$suite" "$2" apt-cache policy "$1" |
			awk '$1 == "Candidate:" && $2 != "(none)" { print $2 }')
		if [ -n "$version" ]; then
			echo "$suite $version"
			return 0
		fi
	done
	[ -z "$dead" ] || die $EXIT_SKIP "$1 for $2 is not to be had: $dead"
	die $EXIT_USAGE "no Debian suite has $1 for $2"
}

# debian_size SUITE ARCH PACKAGE VERSION: what there is to download, for people.
debian_size()
{
	apt_private "$1" "$2" apt-cache show "$3=$4" |
		awk '$1 == "Size:" { printf "%d MiB\n", $2 / 1048576 + 1; exit }'
}

# debian_unpack PACKAGE ARCH DIRECTORY: fetches a package and unpacks it there, whole or not at all.
debian_unpack()
{
	local found suite work=$3.partial

	found=$(debian_find "$1" "$2") || exit $?
	suite=${found% *}
	rm -rf "$work"
	mkdir -p "$work/deb" "$work/root"
	(cd "$work/deb" && apt_private "$suite" "$2" apt-get -q download "$1") \
		>"$work/log" 2>&1 ||
		die $EXIT_SKIP "$1 cannot be downloaded: $(tail -n 1 "$work/log")"
	dpkg -x "$work"/deb/*.deb "$work/root" || die $EXIT_SKIP "$1 cannot be unpacked"
	mv -T "$work/root" "$3" || die $EXIT_SKIP "$1 cannot be put into the cache"
	rm -rf "$work"
}

# debian_collect DIRECTORY PACKAGE:ARCH...: fetches all these and unpacks them into one directory,
# which is not in its place yet.
debian_collect()
{
	local dir=$1 package
	shift

	rm -rf "$dir"
	mkdir -p "$dir"
	for package in "$@"; do
		rm -rf "$dir.one"
		phase 5 "$SCRATCH/log" "fetch ${package/:/ for }" \
			debian_unpack "${package%:*}" "${package#*:}" "$dir.one" ||
			die $EXIT_SKIP "$(last_words "$SCRATCH/log")"
		cp -a "$dir.one/." "$dir/"
		rm -rf "$dir.one"
	done
}

# debian_source PACKAGE DIRECTORY [SUITE]: the upstream source of a package of bookworm, or trixie,
# unpacked.
debian_source()
{
	local suite=${3:-bookworm}

	debian_suite "$suite" amd64 || die $EXIT_SKIP "$(debian_away "$suite" amd64)"
	mkdir -p "$2"
	(cd "$2" && apt_private "$suite" amd64 apt-get -q source --download-only "$1") ||
		die $EXIT_SKIP "the source of $1 cannot be downloaded"
	tar -C "$2" --strip-components=1 -xf "$(find "$2" -maxdepth 1 -name '*.orig.tar.*' \
		! -name '*.asc')"
}

# The newest linux-source-X.Y of sid: prints X.Y.
debian_newest_source()
{
	debian_suite sid amd64 ||
		die $EXIT_SKIP "$(debian_away sid amd64)"
	apt_private sid amd64 apt-cache search --names-only '^linux-source-[0-9.]*$' |
		sed -n 's/^linux-source-\([0-9.]*\) .*/\1/p' | sort -V | tail -n 1
}
