/^\tio-cancel\.c \\$/a\
	io-wq-registers.c \\
