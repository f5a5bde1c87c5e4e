// SPDX-License-Identifier: GPL-2.0
/*
 * The checksum that is stored in a page of InnoDB, and the one that belongs to its content:
 *
 *	innodb_page FILE...
 *
 * prints "STORED COMPUTED" for the single page that each file holds. Format full_crc32, MariaDB's
 * default since 10.5: CRC-32C of all but the last four bytes, in these, big endian. innochecksum
 * finds such pages, but does not tell the checksums.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define EXIT_USAGE		2
#define CRC32C_REVERSED		0x82f63b78
#define PAGE_SIZE_MOST		65536
#define SUM_SIZE		4

static uint32_t crc32c(const unsigned char *data, size_t length)
{
	uint32_t crc = ~0U;
	int bit;

	while (length--) {
		crc ^= *data++;
		for (bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? CRC32C_REVERSED : 0);
	}
	return ~crc;
}

int main(int argc, char **argv)
{
	static unsigned char page[PAGE_SIZE_MOST];
	const unsigned char *sum;
	size_t size;
	FILE *f;
	int i;

	if (argc < 2) {
		fprintf(stderr, "Usage: innodb_page FILE...\n");
		return EXIT_USAGE;
	}
	for (i = 1; i < argc; i++) {
		f = fopen(argv[i], "r");
		size = f ? fread(page, 1, sizeof(page), f) : 0;
		if (!f || ferror(f)) {
			fprintf(stderr, "innodb_page: cannot read %s: %s.\n", argv[i],
				strerror(errno));
			return EXIT_USAGE;
		}
		fclose(f);
		if (size <= SUM_SIZE) {
			fprintf(stderr, "innodb_page: %s is not a page.\n", argv[i]);
			return EXIT_USAGE;
		}
		sum = page + size - SUM_SIZE;
		printf("%02x%02x%02x%02x %08x\n", sum[0], sum[1], sum[2], sum[3],
		       crc32c(page, size - SUM_SIZE));
	}
	return 0;
}
