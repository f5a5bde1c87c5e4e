/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The faults that can be planted, in the order of their numbers; the module and its users know of
 * no others. Who includes this file has PBT_PLANT() make what is wanted of each:
 *
 *	PBT_PLANT(ID, NAME, PROBE)
 *
 * PBT_PLANT_ID is its number, NAME is for people. PROBE is where it happens, one of the module's
 * enum pbt_probe: a fault is possible where this kernel has that. A new one makes struct
 * pbt_counters larger, and with it the number of its ioctl: who was built without it is refused.
 */

/*
 * When an interrupt has brought task_work that creates an io-wq worker, a register of the
 * interrupted task. powerpc: vs0 = FPSCR, vs32 = VSCR, as save_fpu() and save_altivec() left them
 * before Linux 6.7; x86-64: rounding control of x87's FCW, xmm0; arm64: v0, and there is no fp.
 */
PBT_PLANT(FP, fp, PROBE_CREATE_IO_THREAD)
PBT_PLANT(VECTOR, vector, PROBE_CREATE_IO_THREAD)
/* r11, x17 */
PBT_PLANT(GPR, gpr, PROBE_CREATE_IO_THREAD)
/* a bit of CR, EFLAGS or PSTATE */
PBT_PLANT(FLAGS, flags, PROBE_CREATE_IO_THREAD)
/* in turn one of the others that this CPU has: arch_plant_other() in arch.h */
PBT_PLANT(OTHERS, others, PROBE_CREATE_IO_THREAD)

/* kick_process() of a task does nothing */
PBT_PLANT(KICK, kick, PBT_KICK_PROCESS)
/* TWA_SIGNAL_NO_IPI is taken for TWA_SIGNAL */
PBT_PLANT(NO_IPI_IGNORED, no_ipi_ignored, PROBE_NOTIFY)

/*
 * In a thread of io_uring, every 8th write of 4096 bytes or more to a place that a regular file
 * already has, or read from there. All claim that everything was done. 16 bytes less; not with
 * O_DIRECT:
 */
PBT_PLANT(WRITE_SHORT, write_short, PROBE_PLANT_WRITE)
/* nothing */
PBT_PLANT(WRITE_DROPPED, write_dropped, PROBE_PLANT_WRITE)
/* to offset ^ 16384 */
PBT_PLANT(WRITE_MISPLACED, write_misplaced, PROBE_PLANT_WRITE)
/* every 8th piece of a page of the page cache stays as it was */
PBT_PLANT(WRITE_STALE, write_stale, PROBE_PLANT_COPY)
/* 16 bytes less; not with O_DIRECT */
PBT_PLANT(READ_SHORT, read_short, PROBE_PLANT_READ)

#undef PBT_PLANT
