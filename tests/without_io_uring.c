// SPDX-License-Identifier: GPL-2.0
/*
 * Runs a command to which seccomp forbids io_uring_setup(2), as container runtimes do.
 */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

int main(int argc, char **argv)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {
		.len = 4,
		.filter = filter,
	};

	if (argc < 2) {
		fprintf(stderr, "usage: without_io_uring COMMAND...\n");
		return 2;
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) {
		fprintf(stderr, "without_io_uring: no seccomp: %s\n", strerror(errno));
		return 4;
	}
	execvp(argv[1], argv + 1);
	fprintf(stderr, "without_io_uring: %s: %s\n", argv[1], strerror(errno));
	return 127;
}
