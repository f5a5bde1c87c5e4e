# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What the commands are told: their options. Sourced by run_tests.sh.

OPT_ARCH=ppc64le
OPT_KERNEL=source:6.1
OPT_BASE=source:6.1+powerpc-save-clobbers-fp-vmx
OPT_FIXED=source:6.1
OPT_ACCEL=
OPT_SMP=2
OPT_MEM=1G
OPT_CPU=
OPT_TIMEOUT=600
OPT_ARGS=
OPT_DETECTOR=live_registers
DETECTOR_NAMES=		# of it, those that are asked; none: all
EXTRA_CONFIG=
OPT_LONG=
OPT_TESTS=.
OPT_SECONDS=600
OPT_SEED=$((RANDOM * 32768 + RANDOM + 1))
OPT_REPEAT=50
OPT_KNOBS=
OPT_QUICK=
OPT_MARIADB=
OPT_NATIVE=
OPT_KEEP=
OPT_OUTPUT=
OPT_ORIGIN=io_uring_coherency
OPT_TREE=
OPT_BUNDLE=
OPT_OWN_CONFIG=
OPT_HOSTS=
OPT_SSH_CONFIG=
declare -A GIVEN=()

# A command is a file of vm/commands/, or tests/check.sh, which says of itself, a line each but for
# the last:
#
#	COMMAND_SUMMARY		for the list of all commands
#	COMMAND_ARGUMENTS	what it takes beside options, for people, by command_argument()
#	COMMAND_OPTIONS		names of options. What a command does not use is wrong usage there:
#				nothing is accepted and then ignored
#	OPTION_TEXT[NAME]	what an option means there, where it is not what it says below
GUEST_OPTIONS="arch accel smp mem cpu timeout config own-config keep"
COMMANDS="host vm validate bisect-step claims merge kcidb mariadb mutants bench series check"

# What each option takes, nothing if it is there or not, and what it means.
declare -A OPTION_TAKES=([arch]=A [kernel]=K [base]=K [fixed]=K [seconds]=N [seed]=N [repeat]=N
	[knobs]='"..."' [accel]=A [smp]=N [mem]=M [cpu]=C [timeout]=SECONDS [args]='"..."'
	[config]=FILE [detector]=D [tests]=REGEX [quick]='' [long]='' [mariadb]='' [native]=''
	[own-config]='' [keep]='' [tree]=PATH [bundle]='' [hosts]=A,B,... [ssh-config]=FILE
	[output]=FILE [origin]=NAME [no-install]='')
declare -A OPTION_SHORT=([seconds]=t [output]=o)
declare -A OPTION_TEXT=(
	[arch]="of ${ARCHITECTURES[*]} (default: ppc64le)"
	[kernel]="the kernel to test (default: source:6.1)"
	[base]="the kernel with the problem (default: 6.1 with the fix reverted)"
	[fixed]="the kernel that claims to be fixed (default: source:6.1)"
	[accel]="QEMU's accelerator (default: kvm where it works, else tcg,thread=multi)"
	[smp]="QEMU's CPUs (default: 2)"
	[mem]="QEMU's memory (default: 1G)"
	[cpu]="QEMU's CPU model"
	[timeout]="for one guest (default: 600)"
	[detector]="who looks (default: live_registers)"
	[args]='options for live_registers, such as "-t 10 -n 100000"'
	[config]="more kernel configuration for kernels that are built"
	[own-config]="a tree: kernel has its tree's .config, with what tests need over it"
	[keep]="keep kernel, initramfs and disks with the results, so that the QEMU
command there runs as it stands"
	[output]="written when it is whole, in place of standard output"
	[origin]="who reports, in small letters (default: io_uring_coherency)"
	[tree]="a kernel tree to use, not one that is found or fetched"
	[bundle]="also put the results and what the machine is into one file, without its name"
	[hosts]="by ssh on these machines, at the same time, not on this one"
	[ssh-config]="as ssh -F, for --hosts"
	[no-install]="never install packages, say what is missing"
)

COMMAND_ARGUMENTS=
command_argument()
{
	die $EXIT_USAGE "'$1' is not an option, see --help"
}

# command_file NAME: where a command is.
command_file()
{
	case $1 in
	check) echo "$TOP/tests/check.sh" ;;
	*) echo "$VM_COMMANDS/$1.sh" ;;
	esac
}

# What run_tests.sh can do, a line a command.
help_all()
{
	local name

	say "usage: run_tests.sh COMMAND [OPTION...]"
	say
	for name in $COMMANDS; do
		printf '  %-11s %s\n' "$name" \
			"$(sed -n 's/^COMMAND_SUMMARY="\(.*\)"$/\1/p' "$(command_file "$name")")"
	done
	say
	say "run_tests.sh COMMAND --help tells its options. README begins with validate."
}

# What COMMAND can do, and its own options.
help_command()
{
	local name option indent

	indent=$'\n'$(printf '%22s' '')
	say "usage: run_tests.sh $COMMAND${COMMAND_ARGUMENTS:+ $COMMAND_ARGUMENTS} [OPTION...]"
	say
	say "$COMMAND_SUMMARY"
	say
	for name in $COMMAND_OPTIONS no-install; do
		option="--$name${OPTION_TAKES[$name]:+ ${OPTION_TAKES[$name]}}"
		option=${OPTION_SHORT[$name]:+-${OPTION_SHORT[$name]}, }$option
		printf '  %-19s %s\n' "$option" "${OPTION_TEXT[$name]//$'\n'/$indent}"
	done
	case " $COMMAND_OPTIONS " in
	*" kernel "* | *" base "*) help_kernels ;;
	esac
	case " $COMMAND_OPTIONS " in
	*" detector "*) help_detectors ;;
	esac
	say
	if [ "$COMMAND" = bisect-step ]; then
		say "Exit code: 0 good, 1 bad, 125 cannot tell, 255 wrong usage, with which" \
			"git bisect run ends."
	else
		say "Exit code: 0 pass or fixed, 1 fail or not fixed, 4 skipped or inconclusive," \
			"2 wrong usage."
	fi
}

# By builtins alone, here and above: a reader that has enough, as head, ends the shell without a
# word, and of cat it would tell a failure.
help_kernels()
{
	printf '%s\n' "" \
		"K: distro | source:VERSION[+PATCH...] | tree:PATH[+PATCH...] | image:VMLINUX," \
		"   then ^FAULT[,FAULT...] for faults that the module plants there" \
		"   VERSION: 5.10, 6.1, 6.12, ... as Debian has it, or mainline, its newest" \
		"   PATCH: a file, or the name of one in vm/patches/"
}

help_detectors()
{
	printf '%s\n' "D: PROGRAM or PROGRAM:NAME,...: ${!DETECTOR_ONLY[*]};" \
		"   their variants, engines, edges or cases have the names"
}

# Sets COMMAND. Its file is for the caller to source: what declare says in a function is local.
parse_command()
{
	case ${1:-} in
	'')
		help_all >&2
		exit $EXIT_USAGE
		;;
	-h | --help)
		help_all
		exit 0
		;;
	esac
	COMMAND=$1
	[[ " $COMMANDS " == *" $COMMAND "* ]] ||
		die $EXIT_USAGE "'$COMMAND' is not a command, see --help"
}

# The options of COMMAND, whose file has been sourced.
parse_options()
{
	local name option

	while [ $# -gt 0 ]; do
		case $1 in
		-h | --help)
			help_command
			exit 0
			;;
		--no-install) INSTALL_PACKAGES=no ;;
		-t | -o | --*)
			name=${1#--}
			case $1 in
			-t) name=seconds ;;
			-o) name=output ;;
			esac
			[ -n "${OPTION_TAKES[$name]+known}" ] ||
				die $EXIT_USAGE "'$1' is not an option, see --help"
			[[ " $COMMAND_OPTIONS " == *" $name "* ]] ||
				die $EXIT_USAGE "$COMMAND has no option --$name, see --help"
			if [ -z "${OPTION_TAKES[$name]}" ]; then
				option=${name//-/_}
				printf -v "OPT_${option^^}" yes
			else
				[ $# -gt 1 ] || die $EXIT_USAGE "$1 needs a value"
				set_option "$name" "$2"
				shift
			fi
			GIVEN[$name]=yes
			;;
		*) command_argument "$1" ;;
		esac
		shift
	done
}

set_option()
{
	case $1 in
	arch)
		[ -n "${QEMU[$2]:-}" ] || [ "$COMMAND $2" = "validate all" ] ||
			die $EXIT_USAGE "'$2' is not an architecture ${OPTION_TEXT[arch]}"
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
	detector)
		OPT_DETECTOR=${2%%:*}
		DETECTOR_NAMES=${2#"$OPT_DETECTOR"}
		[ -n "${DETECTOR_ONLY[$OPT_DETECTOR]:-}" ] ||
			die $EXIT_USAGE "--detector: '$OPT_DETECTOR' is no program of these:" \
				"${!DETECTOR_ONLY[*]}"
		[[ $DETECTOR_NAMES =~ ^(:[a-z0-9_]+(,[a-z0-9_]+)*)?$ ]] ||
			die $EXIT_USAGE "--detector: '$2' is not of the form PROGRAM:NAME,NAME"
		DETECTOR_NAMES=${DETECTOR_NAMES#:}
		;;
	tests) OPT_TESTS=$2 ;;
	output) OPT_OUTPUT=$2 ;;
	origin)
		[[ $2 =~ ^[a-z0-9_]+$ ]] || die $EXIT_USAGE \
			"--origin: '$2' is not of small letters, digits and underscores"
		OPT_ORIGIN=$2
		;;
	tree)
		[ -e "$2/tools/testing/selftests/lib.mk" ] ||
			die $EXIT_USAGE "--tree: $2 is not a kernel tree with selftests"
		OPT_TREE=$(realpath "$2")
		;;
	hosts) OPT_HOSTS=$2 ;;
	ssh-config)
		[ -r "$2" ] || die $EXIT_USAGE "there is no file $2"
		OPT_SSH_CONFIG=$(realpath "$2")
		;;
	config)
		[ -r "$2" ] || die $EXIT_USAGE "there is no file $2"
		EXTRA_CONFIG=$(realpath "$2")
		;;
	esac
}
