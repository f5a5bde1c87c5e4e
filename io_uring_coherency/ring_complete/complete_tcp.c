// SPDX-License-Identifier: GPL-2.0
/*
 * TCP over the loopback device; see complete_case.h.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "complete_case.h"

int complete_tcp_listen(void)
{
	const struct sockaddr_in any = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)
	};
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || (!bind(fd, (const struct sockaddr *)&any, sizeof(any)) && !listen(fd, 16)))
		return fd;
	close(fd);
	return -1;
}

bool complete_tcp_connect(int listener, int *from, int *to)
{
	struct sockaddr_in at;
	socklen_t len = sizeof(at);

	*from = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (*from < 0)
		return false;
	if (!getsockname(listener, (struct sockaddr *)&at, &len) &&
	    !connect(*from, (const struct sockaddr *)&at, len)) {
		*to = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (*to >= 0)
			return true;
	}
	close(*from);
	return false;
}
