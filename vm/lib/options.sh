# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What the commands are told: their options. Sourced by run_tests.sh.

OPT_ARCH=ppc64le
OPT_KERNEL=source:6.1
OPT_BASE=source:6.1+powerpc-save-clobbers-fp-vmx
OPT_FIXED=source:6.1
OPT_ACCEL=tcg,thread=multi
OPT_SMP=2
OPT_MEM=1G
OPT_CPU=
OPT_TIMEOUT=600
OPT_ARGS=
EXTRA_CONFIG=
OPT_LONG=
OPT_TESTS=.
OPT_SECONDS=600
OPT_FILES=()
OPT_SEED=$((RANDOM * 32768 + RANDOM + 1))
OPT_REPEAT=50
OPT_KNOBS=
OPT_QUICK=
OPT_MARIADB=
OPT_NATIVE=
OPT_KEEP=
declare -A GIVEN=()

# The options of each command. What one does not use is wrong usage there: nothing is accepted and
# then ignored.
GUEST_OPTIONS="arch accel smp mem cpu timeout config keep"
declare -A OPTIONS=(
	[host]="args timeout"
	[vm]="kernel args $GUEST_OPTIONS"
	[validate]="base fixed quick $GUEST_OPTIONS"
	[bisect-step]="base $GUEST_OPTIONS"
	[claims]="base fixed seconds seed mariadb quick $GUEST_OPTIONS"
	[merge]=""
	[mariadb]="kernel base fixed repeat knobs quick native $GUEST_OPTIONS"
	[mutants]="kernel tests long $GUEST_OPTIONS"
	[check]="tests long"
	[bench]="tests long $GUEST_OPTIONS"
)

# option_known NAME: whether COMMAND has the option.
option_known()
{
	[[ " ${OPTIONS[$COMMAND]} " == *" $1 "* ]] ||
		die $EXIT_USAGE "$COMMAND has no option --$1, see --help"
}

parse()
{
	local name

	COMMAND=host
	case ${1:-} in
	'' | -*) ;;
	*)
		COMMAND=$1
		shift
		;;
	esac
	[ -n "${OPTIONS[$COMMAND]+known}" ] ||
		die $EXIT_USAGE "'$COMMAND' is not a command, see --help"
	if [ "$COMMAND" = bisect-step ]; then
		# shellcheck source=vm/commands/bisect.sh
		. "$VM_COMMANDS/bisect.sh"
		case ${1:-} in
		'' | -*) ;;
		*)
			OPT_KERNEL=$1
			shift
			;;
		esac
	fi
	while [ $# -gt 0 ]; do
		case $1 in
		-h | --help)
			usage
			exit 0
			;;
		-t) set -- "$1" --seconds "${@:2}" ;;
		--no-install)
			INSTALL_PACKAGES=no
			;;
		--long | --quick | --mariadb | --native | --keep)
			option_known "${1#--}"
			name=${1#--}
			printf -v "OPT_${name^^}" yes
			;;
		--arch | --kernel | --base | --fixed | --args | --config | --tests | \
			--accel | --smp | --mem | --cpu | --timeout | --seconds | --seed | \
			--repeat | --knobs)
			option_known "${1#--}"
			[ $# -gt 1 ] || die $EXIT_USAGE "$1 needs a value"
			set_option "${1#--}" "$2"
			GIVEN[${1#--}]=yes
			shift
			;;
		*)
			case $COMMAND$1 in
			merge[!-]*) OPT_FILES+=("$1") ;;
			*) die $EXIT_USAGE "'$1' is not an option, see --help" ;;
			esac
			;;
		esac
		shift
	done
}

set_option()
{
	case $1 in
	arch)
		[ -n "${QEMU[$2]:-}" ] || die $EXIT_USAGE \
			"'$2' is not an architecture: use ppc64le, ppc64, x86_64 or arm64"
		OPT_ARCH=$2
		;;
	kernel) OPT_KERNEL=$2 ;;
	base) OPT_BASE=$2 ;;
	fixed) OPT_FIXED=$2 ;;
	accel) OPT_ACCEL=$2 ;;
	smp | timeout | seconds | seed | repeat)
		[[ $2 =~ ^[1-9][0-9]{0,8}$ ]] ||
			die $EXIT_USAGE "--$1: '$2' is not a positive number"
		printf -v "OPT_${1^^}" %s "$2"
		;;
	mem)
		[[ $2 =~ ^[1-9][0-9]*[MG]$ ]] ||
			die $EXIT_USAGE "--mem: '$2' is not a size such as 1G"
		OPT_MEM=$2
		;;
	cpu) OPT_CPU=$2 ;;
	args) OPT_ARGS=$2 ;;
	knobs) OPT_KNOBS=$2 ;;
	tests) OPT_TESTS=$2 ;;
	config)
		[ -r "$2" ] || die $EXIT_USAGE "there is no file $2"
		EXTRA_CONFIG=$(realpath "$2")
		;;
	esac
}
