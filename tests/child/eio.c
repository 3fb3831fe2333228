/* Fails the n-th fdatasync of the process with EIO, n from BACKLINE_FAIL_SYNC, and every later one: a disk that died. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

static atomic_int seen;

int fdatasync(int fd) {
    static int (*next)(int);
    if (!next) next = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    const char *nth = getenv("BACKLINE_FAIL_SYNC");
    if (nth && atomic_fetch_add(&seen, 1) + 1 >= atoi(nth)) {
        errno = EIO;
        return -1;
    }
    return next(fd);
}
