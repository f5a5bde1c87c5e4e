// SPDX-License-Identifier: GPL-2.0
/*
 * Result files for programs; see json.h.
 */
#include <errno.h>
#include <libgen.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "json.h"

const char *json_default(const char *program)
{
	const char *dir = getenv("IO_URING_COHERENCY_RESULTS");
	static char path[PATH_MAX];

	if (!dir || !*dir)
		return NULL;
	snprintf(path, sizeof(path), "%s/%s.json", dir, program);
	return path;
}

int json_refused(const char *path)
{
	char copy[PATH_MAX];

	snprintf(copy, sizeof(copy), "%s", path);
	return access(dirname(copy), W_OK) ? errno : 0;
}

int json_open(struct json_file *j, const char *path)
{
	j->path = path;
	if (snprintf(j->tmp, sizeof(j->tmp), "%s.tmp", path) >= (int)sizeof(j->tmp))
		return -ENAMETOOLONG;
	j->f = fopen(j->tmp, "we");
	return j->f ? 0 : -errno;
}

int json_commit(struct json_file *j)
{
	int err = 0;

	if (fflush(j->f) || ferror(j->f))
		err = errno ?: EIO;
	if (fclose(j->f) && !err)
		err = errno;
	if (!err && rename(j->tmp, j->path))
		err = errno;
	if (err)
		unlink(j->tmp);
	return -err;
}

void json_string(FILE *f, const char *s)
{
	fputc('"', f);
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			fprintf(f, "\\%c", *s);
		else if ((unsigned char)*s < 0x20)
			fprintf(f, "\\u%04x", *s);
		else
			fputc(*s, f);
	}
	fputc('"', f);
}

void json_kernel(FILE *f)
{
	struct utsname uts;

	uname(&uts);
	fprintf(f, "\"kernel\": ");
	json_string(f, uts.release);
	fprintf(f, ",\n  \"kernel_version\": ");
	json_string(f, uts.version);
	fprintf(f, ",\n  \"machine\": ");
	json_string(f, uts.machine);
}

void json_member(FILE *f, const char *name, const char *value)
{
	fprintf(f, "\"%s\": ", name);
	json_string(f, value);
}
