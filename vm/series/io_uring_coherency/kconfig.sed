/^endif # RUNTIME_TESTING_MENU$/i\
source "tools/testing/selftests/io_uring_coherency/Kconfig"\

