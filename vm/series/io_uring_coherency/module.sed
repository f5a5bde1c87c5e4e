$a\
obj-$(CONFIG_TEST_PPC_BARRIER)	+= tools/testing/selftests/io_uring_coherency/ppc_barrier_test/
