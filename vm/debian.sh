# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Debian packages of any suite and architecture, without touching the machine's own package
# state: a private apt state for each pair, downloads, dpkg -x. Sourced by run_tests.sh.

# Suites in the order in which a package is looked for; the newest kernel is in sid.
DEBIAN_SUITES="bookworm bullseye sid trixie"

# The mirror that this machine itself uses, as apt knows it: "URI CODENAME" a line.
debian_mirrors()
{
	apt-get indextargets --format '$(REPO_URI) $(CODENAME)' 'Created-By: Packages' |
		sort -u
}

# apt_private SUITE ARCH COMMAND...: runs an apt tool on the private state.
apt_private()
{
	local state=$CACHE/apt/$1-$2 arch=$2 tool=$3
	shift 3
	"$tool" -o Dir::State="$state" -o Dir::State::lists="$state/lists" \
		-o Dir::State::status="$state/status" -o Dir::Cache="$state" \
		-o Dir::Etc::sourcelist="$state/sources.list" \
		-o Dir::Etc::sourceparts="$state/parts" \
		-o Dir::Etc::preferencesparts="$state/parts" \
		-o APT::Architecture="$arch" -o APT::Architectures="$arch" \
		-o APT::Sandbox::User=root -o Acquire::Languages=none "$@"
}

# Makes the private state of a suite and architecture, or renews it when it is a day old.
debian_suite()
{
	local suite=$1 arch=$2 state=$CACHE/apt/$1-$2 main security keyring

	if [ -n "$(find "$state/fresh" -mtime -1 2>/dev/null)" ]; then
		return 0
	fi
	keyring=/usr/share/keyrings/debian-archive-keyring.gpg
	main=$(debian_mirrors | awk '$2 !~ /-/ { print $1; exit }')
	security=$(debian_mirrors | awk '$2 ~ /-security$/ { print $1; exit }')
	[ -n "$main" ] || die $EXIT_SKIP "apt on this machine knows no Debian mirror"
	mkdir -p "$state/lists/partial" "$state/archives/partial" "$state/parts"
	: >"$state/status"
	{
		echo "deb [signed-by=$keyring] $main $suite main"
		[ "$suite" != bookworm ] || echo "deb-src [signed-by=$keyring] $main $suite main"
		# for kernels; ppc64el is not there, and of i386 a library is all that is taken
		case $suite-$arch in
		bookworm-amd64 | bookworm-arm64)
			[ -z "$security" ] ||
				echo "deb [signed-by=$keyring] $security bookworm-security main"
			;;
		esac
	} >"$state/sources.list"
	# without that mode a mirror which cannot be reached is only worth a warning to it
	apt_private "$suite" "$arch" apt-get -q -o APT::Update::Error-Mode=any update \
		>"$state/log" 2>&1 ||
		die $EXIT_SKIP "Debian's $suite cannot be reached: $(tail -n 1 "$state/log")"
	: >"$state/fresh"
}

# debian_find PACKAGE ARCH: prints "SUITE VERSION" of the first suite that has it. Dies where none
# does; as the caller reads it from a subshell, the caller has to exit with its code.
debian_find()
{
	local suite version

	for suite in $DEBIAN_SUITES; do
		debian_suite "$suite" "$2"
		version=$(apt_private "$suite" "$2" apt-cache policy "$1" |
			awk '$1 == "Candidate:" && $2 != "(none)" { print $2 }')
		if [ -n "$version" ]; then
			echo "$suite $version"
			return 0
		fi
	done
	die $EXIT_USAGE "no Debian suite has $1 for $2"
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

# debian_source PACKAGE DIRECTORY: the upstream source of a package of bookworm, unpacked.
debian_source()
{
	debian_suite bookworm amd64
	mkdir -p "$2"
	(cd "$2" && apt_private bookworm amd64 apt-get -q source --download-only "$1") ||
		die $EXIT_SKIP "the source of $1 cannot be downloaded"
	tar -C "$2" --strip-components=1 -xf "$(find "$2" -maxdepth 1 -name '*.orig.tar.*' \
		! -name '*.asc')"
}

# The newest linux-source-X.Y of sid: prints X.Y.
debian_newest_source()
{
	debian_suite sid amd64
	apt_private sid amd64 apt-cache search --names-only '^linux-source-[0-9.]*$' |
		sed -n 's/^linux-source-\([0-9.]*\) .*/\1/p' | sort -V | tail -n 1
}
