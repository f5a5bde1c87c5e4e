# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Patches that add this directory to a kernel tree: run_tests.sh series. A folder of vm/series/ is a
# series, and what its files say is told in doc/series.md. The patches come from a repository of
# their own, which has of the tree just the files that they change. Sourced by run_tests.sh.

COMMAND_SUMMARY="patches that add this directory to a kernel tree"
COMMAND_OPTIONS="tree output"
OPTION_TEXT[tree]="the tree that they are for, which is not written to (default: the newest
of Debian's)"
OPTION_TAKES[output]=DIR
OPTION_TEXT[output]="where they are put: a directory that is not there, or empty"

SERIES=$TOP/vm/series
SERIES_MIB=50		# of space, for the repository and for the patches
SERIES_BASE=		# the tree's commit, if just that is in it
SERIES_GROWS="Makefile io_uring_coherency/programs.mk .gitignore config
io_uring_coherency/ring_complete/ring_cases.h"

run_series()
{
	local code=0

	[ -n "$OPT_OUTPUT" ] || die $EXIT_USAGE "series needs -o DIR, a directory for the patches"
	series_output_check "$OPT_OUTPUT"
	start
	need_space "$SCRATCH" $SERIES_MIB
	need_packages git patch
	need_command git "patches are made by it"
	series_identity
	series_tree
	SERIES_PATCHES=$SCRATCH/patches
	mkdir "$SERIES_PATCHES"
	beside "make patches" series_all
	joined "make patches" || code=$?
	[ $code = 0 ] || die $code "$JOINED_ERROR"
	series_publish "$OPT_OUTPUT"
	series_report "$OPT_OUTPUT"
}

# --- what is needed

# series_output_check DIR: nothing is there yet, and it can be made.
series_output_check()
{
	local dir=$1 free

	if [ -e "$dir" ]; then
		[ -d "$dir" ] || die $EXIT_USAGE "$dir is not a directory"
		[ -z "$(find "$dir" -mindepth 1 -maxdepth 1 | head -n 1)" ] ||
			die $EXIT_USAGE "$dir is not empty"
	fi
	dir=$(dirname "$(realpath -m "$dir")")
	[ -d "$dir" ] || die $EXIT_USAGE "there is no directory $dir"
	mkdir "$dir/series.$$" 2>/dev/null && rmdir "$dir/series.$$" ||
		die $EXIT_SKIP "cannot write to $dir"
	free=$(df --output=avail -m "$dir" | tail -n 1)
	[ "$free" -ge $SERIES_MIB ] || die $EXIT_SKIP \
		"no space: $dir has $((free)) MiB free, $SERIES_MIB MiB are needed"
}

# Who signs, as git knows it where this was called.
series_identity()
{
	SERIES_WHO=$(git config user.name) && SERIES_MAIL=$(git config user.email) &&
		[ -n "$SERIES_WHO" ] && [ -n "$SERIES_MAIL" ] ||
		die $EXIT_SKIP "git does not know who signs the patches: set user.name and" \
			"user.email by git config --global"
}

# Sets SOURCE_TREE and KERNEL_ORIGIN: the user's tree, which is only read, or Debian's newest; and
# SERIES_ALL, the series for it.
series_tree()
{
	if [ -n "$OPT_TREE" ]; then
		SOURCE_TREE=$(realpath "$OPT_TREE")
		SERIES_ALL=$(series_for "$SOURCE_TREE")
		[ -n "$SERIES_ALL" ] || die $EXIT_USAGE "$OPT_TREE is not a kernel tree"
		KERNEL_ORIGIN=$(tree_commit "$SOURCE_TREE")
		case $KERNEL_ORIGIN in
		"no commit is known") KERNEL_ORIGIN=$(series_version) ;;
		*,*) ;;
		*) SERIES_BASE=${KERNEL_ORIGIN#commit } ;;
		esac
	else
		kernel_source source:mainline
		SERIES_ALL=$(series_for "$SOURCE_TREE")
	fi
}

# Of a tree that is in no repository.
series_version()
{
	local version

	version=$(sed -n 's/^\(VERSION\|PATCHLEVEL\|SUBLEVEL\) = //p' "$SOURCE_TREE/Makefile" \
		2>/dev/null | paste -sd .)
	say "${version:+Linux }${version:-a tree of which no commit is known}"
}

# The date of all patches, for the same ones to come of the same directory: of its last commit, or
# of what was changed last.
series_date()
{
	SERIES_DATE=$(git -C "$TOP" log -1 --format=%ct -- . 2>/dev/null || true)
	[ -n "$SERIES_DATE" ] ||
		SERIES_DATE=$(sed "s,^,$TOP/," "$SCRATCH/files" | xargs -d '\n' stat -c %Y |
			sort -n | tail -n 1)
	SERIES_DATE="@$SERIES_DATE +0000"
}

# All that has a place in a kernel tree, and is not built.
series_files()
{
	(cd "$TOP" && find Makefile Kconfig config settings .gitignore README io_uring_coherency \
		ppc_barrier_test -type f ! -name '*.o' ! -name '*.ko' ! -name '*.mod' \
		! -name '*.mod.c' ! -name '.*.cmd' ! -name modules.order ! -name Module.symvers |
		sort)
}

# --- what a series is made of

# series_keys KEY FILE: the values of its lines "KEY: VALUE" above the first blank line.
series_keys()
{
	sed -n "/^\$/q; s/^$1: //p" "$2"
}

# series_text FILE: what is below that line. A line "@FILE SCRIPT" stands for what sed -n makes of
# FILE by SCRIPT, without the names of pages that a kernel tree does not have.
series_text()
{
	local line file

	while IFS= read -r line; do
		if [ "${line#@}" = "$line" ]; then
			say "$line"
			continue
		fi
		file=${line%% *}
		file=${file#@}
		sed -n "${line#* }" "$TOP/$file" | sed 's/ ([a-z_]*\.md)//g' | series_fill ||
			die $EXIT_FAIL "${1#"$TOP/"} finds nothing in $file by ${line#* }"
	done < <(sed '1,/^$/d' "$1")
}

# A paragraph in the columns of a mail, a table as it is; nothing is a failure.
series_fill()
{
	local text

	text=$(cat)
	[ -n "$text" ] || return 1
	if [ "${text# }" = "$text" ]; then
		fmt -w 75 <<<"$text"
	else
		say "$text"
	fi
}

# series_for TREE: the names of those for such a tree: it has what their covers say.
series_for()
{
	local folder file has

	for folder in "$SERIES"/*/; do
		[ -e "$folder/cover.txt" ] || continue
		has=yes
		for file in $(series_keys Tree "$folder/cover.txt"); do
			[ -e "$1/$file" ] || has=
		done
		[ -z "$has" ] || basename "$folder"
	done
}

series_all()
{
	local name

	series_files >"$SCRATCH/files"
	series_date
	for name in $SERIES_ALL; do
		series_make "$name"
	done
}

series_git()
{
	env -i PATH="$PATH" HOME="$SCRATCH" GIT_CONFIG_NOSYSTEM=1 LC_ALL=C TZ=UTC \
		GIT_AUTHOR_NAME="$SERIES_WHO" GIT_AUTHOR_EMAIL="$SERIES_MAIL" \
		GIT_COMMITTER_NAME="$SERIES_WHO" GIT_COMMITTER_EMAIL="$SERIES_MAIL" \
		GIT_AUTHOR_DATE="$SERIES_DATE" GIT_COMMITTER_DATE="$SERIES_DATE" \
		git -C "$SERIES_REPO" "$@"
}

# series_make NAME: its patches, in $SERIES_PATCHES.
series_make()
{
	local step

	SERIES_FOLDER=$SERIES/$1
	SERIES_REPO=$SCRATCH/repository-$1
	SERIES_INTO=$(series_keys Into "$SERIES_FOLDER/cover.txt")
	SERIES_PRESENT=() SERIES_PATTERNS=() SERIES_CONFIG=() SERIES_WHOLE=
	SERIES_ABSENT=" $(sed -n 's/^Names: //p' "$SERIES_FOLDER"/[0-9]*.txt | paste -sd ' ') "
	mkdir -p "$SERIES_REPO/$SERIES_INTO"
	series_base
	series_git init -q -b series
	series_git add -A
	series_git commit -q -m base
	series_git tag base
	for step in "$SERIES_FOLDER"/[0-9]*.txt; do
		series_step "$step"
	done
	[ ! -e "$SERIES_FOLDER/maintainers" ] || series_is_whole
	series_format "$1"
}

# The files of the tree that the patches change.
series_base()
{
	local file

	while read -r file; do
		[ -e "$SOURCE_TREE/$file" ] || die $EXIT_USAGE "$SOURCE_TREE has no $file"
		mkdir -p "$(dirname "$SERIES_REPO/$file")"
		cp "$SOURCE_TREE/$file" "$SERIES_REPO/$file"
	done < <(series_changes | sort -u)
}

series_changes()
{
	local step file

	for step in "$SERIES_FOLDER"/[0-9]*.txt; do
		series_keys Edit "$step" | sed 's/ .*//'
		for file in $(series_keys Patch "$step"); do
			patch_files "$SERIES_FOLDER/$file"
		done
	done
	[ ! -e "$SERIES_FOLDER/maintainers" ] || say MAINTAINERS
}

# series_step FILE: one patch.
series_step()
{
	local word

	for word in $(series_keys Config "$1"); do
		SERIES_CONFIG+=("$word")
	done
	for word in $(series_keys Names "$1"); do
		SERIES_ABSENT=${SERIES_ABSENT/ $word / }
	done
	series_add "$1"
	series_change "$1"
	[ ! -e "$SERIES_FOLDER/maintainers" ] || series_maintainers "$1"
	series_git add -A
	series_text "$1" >"$SCRATCH/message"
	series_git commit -q -s --cleanup=verbatim -F "$SCRATCH/message"
}

# series_add FILE: the files that come with a patch, and what the others have of it.
series_add()
{
	local pattern file found copied=() made=()

	while read -r pattern; do
		found=$(series_matches "$pattern")
		[ -n "$found" ] || die $EXIT_FAIL "${1#"$TOP/"}: there is no $pattern"
		series_covers "$pattern"
		while read -r file; do
			case " ${SERIES_PRESENT[*]} " in
			*" $file "*) continue ;;
			esac
			SERIES_PRESENT+=("$file")
			if [ -e "$SERIES_FOLDER/$file" ]; then
				made+=("$file")
			else
				copied+=("$file")
			fi
		done <<<"$found"
	done < <(series_keys Files "$1" | tr -s ' ' '\n')
	[ ${#copied[@]} = 0 ] ||
		(cd "$TOP" && cp --parents -t "$SERIES_REPO/$SERIES_INTO" "${copied[@]}")
	for file in $SERIES_GROWS; do
		[[ " ${SERIES_PRESENT[*]} " != *" $file "* ]] || made+=("$file")
	done
	for file in "${made[@]}"; do
		series_place "$file"
	done
}

# series_change FILE: what a patch changes in files of the tree.
series_change()
{
	local file script

	while read -r file script; do
		series_edit "$file" "$SERIES_FOLDER/$script"
	done < <(series_keys Edit "$1")
	for file in $(series_keys Patch "$1"); do
		patch -d "$SERIES_REPO" -p1 --force --quiet --no-backup-if-mismatch \
			--reject-file=- <"$SERIES_FOLDER/$file" >"$SCRATCH/log" 2>&1 ||
			die $EXIT_USAGE "$file does not apply to $SOURCE_TREE"
	done
}

# series_matches PATTERN: files of the series' folder, or else of this directory.
series_matches()
{
	if [ -e "$SERIES_FOLDER/$1" ]; then
		say "$1"
	else
		(cd "$TOP" && compgen -G "$1") | grep -xFf "$SCRATCH/files" | sort || true
	fi
}

# series_place FILE: as it is in a tree that has what is there by now.
series_place()
{
	local from=$TOP/$1 to=$SERIES_REPO/$SERIES_INTO/$1

	[ ! -e "$SERIES_FOLDER/$1" ] || from=$SERIES_FOLDER/$1
	case $1 in
	Makefile | */programs.mk | .gitignore)
		awk -v absent="$SERIES_ABSENT" -f "$SERIES/lines.awk" "$from" >"$to"
		;;
	*/ring_cases.h)
		awk -v present="${SERIES_PRESENT[*]##*/}" -f "$SERIES/cases.awk" "$from" >"$to"
		;;
	config) sort -u "$from" <(printf '%s\n' "${SERIES_CONFIG[@]}") | grep . >"$to" ;;
	README) series_text "$from" >"$to" ;;
	*) cp "$from" "$to" ;;
	esac
}

# series_edit FILE SCRIPT: by sed, a file of the tree that has nothing of it yet.
series_edit()
{
	local file=$SERIES_REPO/$1 line

	sed -f "$2" "$file" >"$SCRATCH/edited"
	while IFS= read -r line; do
		! grep -qxF -- "$line" "$file" ||
			die $EXIT_USAGE "$SOURCE_TREE has this directory already: $1 names it"
	done < <(diff "$file" "$SCRATCH/edited" | sed -n 's/^> \(.\)/\1/p' || true)
	! cmp -s "$file" "$SCRATCH/edited" ||
		die $EXIT_USAGE "$SOURCE_TREE has no place for it in $1"
	cp "$SCRATCH/edited" "$file"
}

# series_maintainers FILE: the entry of MAINTAINERS covers what came so far, pattern by pattern: a
# patch that adds files and leaves MAINTAINERS as it is gets a warning of checkpatch. From the patch
# with "Whole: yes" on it is the directory.
series_maintainers()
{
	local entry=$SCRATCH/entry

	[ -z "$(series_keys Whole "$1")" ] || SERIES_WHOLE=yes
	sed -e "s/@NAME@/$(series_quoted "$SERIES_WHO")/" \
		-e "s/@MAIL@/$(series_quoted "$SERIES_MAIL")/" \
		"$SERIES_FOLDER/maintainers" >"$entry"
	if [ -n "$SERIES_WHOLE" ]; then
		say "F:	$SERIES_INTO/"
	else
		printf "F:	$SERIES_INTO/%s\n" "${SERIES_PATTERNS[@]}" | sort
	fi >>"$entry"
	awk -v entry="$entry" -f "$SERIES/maintainers.awk" "$SOURCE_TREE/MAINTAINERS" \
		>"$SERIES_REPO/MAINTAINERS"
	! cmp -s "$SOURCE_TREE/MAINTAINERS" "$SERIES_REPO/MAINTAINERS" ||
		die $EXIT_USAGE "$SOURCE_TREE has no io_uring in MAINTAINERS"
}

# series_covers PATTERN: one more of them; DIRECTORY/* is all of it, for those before, too.
series_covers()
{
	local pattern kept=() new=${1%"*"}

	for pattern in "${SERIES_PATTERNS[@]}"; do
		case $1:$pattern in
		*/"*:$new"*) ;;
		*) kept+=("$pattern") ;;
		esac
	done
	[ "$new" != "${new%/}" ] || new=$1
	SERIES_PATTERNS=("${kept[@]}" "$new")
}

# series_quoted TEXT: for the right side of sed's s/.
series_quoted()
{
	sed 's/[&/\]/\\&/g' <<<"$1"
}

# Nothing that has a place in a tree is left out.
series_is_whole()
{
	local left

	left=$(grep -vxFf <(printf '%s\n' "${SERIES_PRESENT[@]}") "$SCRATCH/files" |
		paste -sd ' ' || true)
	[ -z "$left" ] || die $EXIT_FAIL "no patch of the series has $left"
}

# series_format NAME: the mails; a cover letter if cover.txt has a text.
series_format()
{
	local to=$SERIES_PATCHES cover

	[ "$1" = io_uring_coherency ] || to+=/$1
	series_text "$SERIES_FOLDER/cover.txt" >"$SCRATCH/cover"
	cover=$(cat "$SCRATCH/cover")
	[ -z "$cover" ] || series_git config branch.series.description \
		"$cover"$'\n\n'"For $KERNEL_ORIGIN.${SERIES_BASE:+$'\n\n'base-commit: $SERIES_BASE}"
	series_git format-patch -q --numbered --zero-commit --no-signature --no-renames \
		${cover:+--cover-letter --cover-from-description=subject} -o "$to" \
		base..series
	# as many lines as there are files, which the diffstat has already
	[ -z "$cover" ] || sed -i '/^ create mode /d' "$to/0000-cover-letter.patch"
}

# series_publish DIR: whole or not at all.
series_publish()
{
	local to

	to=$(realpath -m "$1")
	SERIES_PARTIAL=$to.partial.$$
	cleanup_hooks+=(series_unpublish)
	cp -r "$SERIES_PATCHES" "$SERIES_PARTIAL" 2>/dev/null &&
		mv -T "$SERIES_PARTIAL" "$to" 2>/dev/null ||
		die $EXIT_SKIP "cannot write to $1"
}

series_unpublish()
{
	rm -rf "$SERIES_PARTIAL"
}

# series_report DIR: what is there.
series_report()
{
	local file lines nr=0 total=0

	while read -r file; do
		lines=$(grep -c '^[-+]' "$file")
		nr=$((nr + 1)) total=$((total + lines))
		say "$lines|${file#"$1/"}"
	done < <(find "$1" -name '*.patch' ! -name '0000-*' | sort) >"$SCRATCH/report"
	{ say "lines|patch" && cat "$SCRATCH/report"; } | column_align
	say "patches: $nr, of $total lines, in $1, for $KERNEL_ORIGIN"
}
