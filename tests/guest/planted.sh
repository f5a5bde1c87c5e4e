#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# planted.sh PLANT...: each is found by the detector that looks for it, and by the controls; fp and
# vector are refused unless they are among them.

./barrier_ctl --list
./live_registers --only poll_wake_default -t 20 -n 100 || exit 1
./page_integrity --dir /dev/shm --engine uring -t 1 || exit 1
for plant; do
	case $plant in
	*_*) detector="page_integrity --dir /dev/shm --engine uring_async -t 1" ;;
	*) detector="live_registers --only poll_wake_default -t 20 -n 100" ;;
	esac
	# shellcheck disable=SC2086 # words
	./barrier_ctl --plant $plant --json "$IO_URING_COHERENCY_RESULTS"/$plant.ctl -- \
		./$detector --json "$IO_URING_COHERENCY_RESULTS"/$plant.found
	code=$?
	[ $code = 1 ] || exit 1
done
for plant in fp vector; do
	case " $* " in
	*" $plant "*) continue ;;
	esac
	./barrier_ctl --plant $plant -- true
	code=$?
	[ $code = 4 ] || exit 1
done
echo "all is well"
