#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# MariaDB's own test again and again until it fails; in a guest and, for --native, on this machine.
#
#	mariadb_loop.sh mtr|quick LOOPS OUT VARDIR MTR_DIRECTORY
#
# mtr is the command of the report of 2023. quick makes an empty database by mariadb-install-db and
# has innochecksum read all of it. What was run and what came of it is left in OUT; nothing is
# judged here, see mariadb_judge(). VARDIR is emptied first.

form=$1 loops=$2 out=$3 vardir=$4 mtr=$5
test=encryption.innodb_encryption

# hundredths of a second since the boot
clock()
{
	IFS='. ' read -r whole hundredths _ </proc/uptime
	echo "$whole$hundredths"
}

# duration FROM TO, in seconds
duration()
{
	echo "$((($2 - $1) / 100)).$((($2 - $1) % 100 / 10))"
}

# loop RESULT: one more, for the results and for people who wait
loop()
{
	now=$(clock)
	nr=$((nr + 1))
	echo "$nr $1 $(duration "$last" "$now") $(duration "$start" "$now")" >>"$out/loops"
	echo "coherency: loop $nr of $loops $1, $(duration "$last" "$now") s"
	last=$now
}

# The command of the report. Its options stay as they are: what a slow machine needs, and that the
# first failure is the last, mtr takes from the environment.
run_mtr()
{
	cd "$mtr" || return
	# the report's combination, where have_innodb has any: Debian's innodb is no plugin
	combination=undo0
	[ ! -e include/have_innodb.combinations ] || combination=innodb,undo0
	export MTR_MAX_TEST_FAIL=1 MTR_TESTCASE_TIMEOUT=10 MTR_SUITE_TIMEOUT=100000 \
		MTR_START_TIMEOUT=600 MTR_SHUTDOWN_TIMEOUT=300
	set -- ./mtr --mysqld=--innodb-flush-method=fsync --mysqld=--innodb-use-native-aio=1 \
		--vardir="$vardir" --force "$test,$combination" --repeat="$loops"
	echo "$*" >"$out/command"
	{
		"$@" 2>&1 </dev/null
		echo $? >"$out/code"
	} | while IFS= read -r line; do
		printf '%s\n' "$line" >>"$out/output"
		case $line in
		"$test "*"[ "*"pass ]"*) loop passed ;;
		"$test "*"[ "*"fail ]"*) loop failed ;;
		esac
	done
	duration "$start" "$(clock)" >"$out/seconds"
	cp "$vardir"/log/*.err "$vardir/log/bootstrap.log" "$out/" 2>/dev/null
	[ "$(cat "$out/code")" != 0 ] || return
	# all but the data, of which damage() keeps what matters
	tar -C "$vardir" --exclude='ib*' --exclude='*.ibd' --exclude='undo*' \
		--exclude='*aria_log*' --exclude='*.MA[ID]' --exclude='*.sock' \
		-czf "$out/mtr-log.tar.gz" log
}

run_quick()
{
	set -- mariadb-install-db --no-defaults --innodb-flush-method=fsync \
		--innodb-use-native-aio=1 --innodb-undo-tablespaces=0 --verbose \
		--skip-name-resolve --auth-root-authentication-method=normal --datadir="$vardir"
	[ "$(id -u)" != 0 ] || set -- "$@" --user=root
	echo "$*" >"$out/command"
	code=0
	while [ "${nr:-0}" -lt "$loops" ] && [ $code = 0 ]; do
		rm -rf "$vardir"
		mkdir "$vardir"
		"$@" >"$out/output" 2>&1 </dev/null || code=$?
		cat "$out/output" >>"$out/bootstrap.err"
		damage
		[ ! -s "$out/damage" ] || code=1
		if [ $code = 0 ]; then loop passed; else loop failed; fi
	done
	echo $code >"$out/code"
}

# Pages whose checksum is not that of their content: "FILE PAGE" in damage, and the pages.
damage()
{
	find "$vardir" -type f \( -name 'ibdata*' -o -name '*.ibd' -o -name 'undo0*' \) |
		while read -r file; do
		innochecksum -a 1000000 "$file" >"$out/sums" 2>&1
		name=${file#"$vardir/"}
		sed -n 's/^Fail.*page::\([0-9]*\) .*/\1/p' "$out/sums" | while read -r page; do
			mkdir -p "$out/pages"
			dd if="$file" bs=16384 skip="$page" count=1 status=none \
				of="$out/pages/$(echo "$name" | tr / _).$page"
			echo "$name $page" >>"$out/damage"
		done
	done
	rm -f "$out/sums"
}

rm -rf "$vardir"
uname -r >"$out/linux"
for server in mariadbd /usr/sbin/mariadbd /usr/libexec/mariadbd; do
	$server --no-defaults --version 2>/dev/null && break
done >"$out/mariadb"
start=$(clock)
last=$start
nr=0
case $form in
mtr)
	run_mtr
	[ "$(cat "$out/code")" = 0 ] || damage
	;;
quick) run_quick ;;
esac
