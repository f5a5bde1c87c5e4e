/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The points at which an action can be put, in the order of their numbers; the module and its users
 * know of no others. Who includes this file has PBT_POINT() make what is wanted of each:
 *
 *	PBT_POINT(ID, NAME)
 *
 * PBT_ID is its number, NAME is for people. The functions are in inject.c. A new one makes structs
 * larger, and with them the numbers of ioctls: who was built without it is refused.
 */
PBT_POINT(TRY_TO_WAKE_UP, try_to_wake_up)
PBT_POINT(TRY_TO_WAKE_UP_EXIT, try_to_wake_up_exit)

/* entry: between try_to_wake_up() and kick_process() */
PBT_POINT(KICK_PROCESS, kick_process)
PBT_POINT(KICK_PROCESS_EXIT, kick_process_exit)

/* io_write_fixed() where that is apart (7.0) */
PBT_POINT(IO_WRITE, io_write)

PBT_POINT(TASK_WORK_RUN, task_work_run)

/* not of xfs and btrfs */
PBT_POINT(PERFORM_WRITE, generic_perform_write)
PBT_POINT(PERFORM_WRITE_EXIT, generic_perform_write_exit)

/* generic_file_buffered_read() before 5.12: not of tmpfs */
PBT_POINT(FILEMAP_READ, filemap_read)
PBT_POINT(FILEMAP_READ_EXIT, filemap_read_exit)

#undef PBT_POINT
