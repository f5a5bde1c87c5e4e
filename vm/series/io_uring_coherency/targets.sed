# before the first that is further in the alphabet
0,/^TARGETS += \(i\(o[a-z]\|[p-z]\)\|[j-z]\)/{
/^TARGETS += \(i\(o[a-z]\|[p-z]\)\|[j-z]\)/i\
TARGETS += io_uring_coherency
}
