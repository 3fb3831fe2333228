/*
 * Traces what a process writes, syncs and renames below BACKLINE_TRACE_ROOT into BACKLINE_TRACE_FILE, in the order in which
 * the calls returned (a sync also when it began), so that a test can build the disk as a power cut would have left it.
 *
 * A record, little-endian: op u8, path length u16, data length u32, offset u64, path, data.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum { OP_CREATE = 1, OP_WRITE = 2, OP_SYNC_BEGIN = 3, OP_SYNC_END = 4, OP_RENAME = 5, OP_UNLINK = 6, OP_TRUNCATE = 7, OP_MKDIR = 8, OP_RMDIR = 9, OP_LINK = 10 };
#define MAX_FD 4096

static char *paths[MAX_FD];
static const char *root;
static size_t root_length;
static int trace = -1;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void *real(const char *name) {
    void *found = dlsym(RTLD_NEXT, name);
    if (!found) abort();
    return found;
}

__attribute__((constructor)) static void start(void) {
    const char *file = getenv("BACKLINE_TRACE_FILE");
    root = getenv("BACKLINE_TRACE_ROOT");
    if (!root || !file) return;
    root_length = strlen(root);
    trace = (int)syscall(SYS_openat, AT_FDCWD, file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static void put(const void *bytes, size_t length) {
    const char *at = bytes;
    while (length > 0) {
        ssize_t n = syscall(SYS_write, trace, at, length);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) abort();
        at += n;
        length -= (size_t)n;
    }
}

static void record(uint8_t op, const char *path, uint64_t offset, const void *data, size_t length) {
    int saved = errno;
    uint16_t path_length = (uint16_t)strlen(path);
    uint32_t data_length = (uint32_t)length;
    char header[15];
    header[0] = (char)op;
    memcpy(header + 1, &path_length, 2);
    memcpy(header + 3, &data_length, 4);
    memcpy(header + 7, &offset, 8);
    pthread_mutex_lock(&lock);
    put(header, sizeof header);
    put(path, path_length);
    put(data, length);
    pthread_mutex_unlock(&lock);
    errno = saved;
}

/* The path below the root, or NULL if the file is none of ours. */
static const char *below(const char *path, char *absolute) {
    if (trace < 0) return NULL;
    if (path[0] == '/') {
        snprintf(absolute, PATH_MAX, "%s", path);
    } else {
        char cwd[PATH_MAX / 2];
        if (!getcwd(cwd, sizeof cwd)) return NULL;
        snprintf(absolute, PATH_MAX, "%s/%s", cwd, path);
    }
    if (strncmp(absolute, root, root_length) != 0) return NULL;
    if (absolute[root_length] != '/' && absolute[root_length] != '\0') return NULL;
    return absolute[root_length] ? absolute + root_length + 1 : "";
}

static void opened(int fd, const char *path, int flags, int existed) {
    char absolute[PATH_MAX];
    const char *inside = fd >= 0 && fd < MAX_FD ? below(path, absolute) : NULL;
    if (!inside) return;
    free(paths[fd]);
    paths[fd] = strdup(inside);
    if ((flags & O_CREAT) && !existed) record(OP_CREATE, inside, 0, NULL, 0);
    if ((flags & O_TRUNC) && existed) record(OP_TRUNCATE, inside, 0, NULL, 0);
}

static const char *traced(int fd) { return fd >= 0 && fd < MAX_FD ? paths[fd] : NULL; }

static int exists(const char *path) {
    struct stat st;
    int saved = errno;
    int found = syscall(SYS_newfstatat, AT_FDCWD, path, &st, 0) == 0;
    errno = saved;
    return found;
}

#define OPENER(NAME)                                                                       \
    int NAME(const char *path, int flags, ...) {                                           \
        static int (*next)(const char *, int, ...);                                        \
        if (!next) next = real(#NAME);                                                     \
        va_list rest;                                                                      \
        va_start(rest, flags);                                                             \
        mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(rest, mode_t) : 0;          \
        va_end(rest);                                                                      \
        int existed = exists(path);                                                        \
        int fd = next(path, flags, mode);                                                  \
        opened(fd, path, flags, existed);                                                  \
        return fd;                                                                         \
    }
OPENER(open)
OPENER(open64)

#define OPENER_AT(NAME)                                                                    \
    int NAME(int dir, const char *path, int flags, ...) {                                  \
        static int (*next)(int, const char *, int, ...);                                   \
        if (!next) next = real(#NAME);                                                     \
        va_list rest;                                                                      \
        va_start(rest, flags);                                                             \
        mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(rest, mode_t) : 0;          \
        va_end(rest);                                                                      \
        int existed = exists(path);                                                        \
        int fd = next(dir, path, flags, mode);                                             \
        if (dir == AT_FDCWD || path[0] == '/') opened(fd, path, flags, existed);           \
        return fd;                                                                         \
    }
OPENER_AT(openat)
OPENER_AT(openat64)

int close(int fd) {
    static int (*next)(int);
    if (!next) next = real("close");
    if (traced(fd)) {
        free(paths[fd]);
        paths[fd] = NULL;
    }
    return next(fd);
}

ssize_t write(int fd, const void *data, size_t length) {
    static ssize_t (*next)(int, const void *, size_t);
    if (!next) next = real("write");
    const char *path = traced(fd);
    if (!path) return next(fd, data, length);
    int append = fcntl(fd, F_GETFL) & O_APPEND;
    off_t at = lseek(fd, 0, append ? SEEK_END : SEEK_CUR);
    ssize_t n = next(fd, data, length);
    if (n > 0) record(OP_WRITE, path, (uint64_t)at, data, (size_t)n);
    return n;
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    static ssize_t (*next)(int, const struct iovec *, int);
    if (!next) next = real("writev");
    if (!traced(fd)) return next(fd, parts, count);
    ssize_t total = 0;
    for (int i = 0; i < count; i++) {
        ssize_t n = write(fd, parts[i].iov_base, parts[i].iov_len);
        if (n < 0) return total ? total : n;
        total += n;
        if ((size_t)n < parts[i].iov_len) break;
    }
    return total;
}

#define PWRITE(NAME)                                                                       \
    ssize_t NAME(int fd, const void *data, size_t length, off_t at) {                      \
        static ssize_t (*next)(int, const void *, size_t, off_t);                          \
        if (!next) next = real(#NAME);                                                     \
        ssize_t n = next(fd, data, length, at);                                            \
        const char *path = traced(fd);                                                     \
        if (path && n > 0) record(OP_WRITE, path, (uint64_t)at, data, (size_t)n);          \
        return n;                                                                          \
    }
PWRITE(pwrite)
PWRITE(pwrite64)

#define SYNC(NAME)                                                                         \
    int NAME(int fd) {                                                                     \
        static int (*next)(int);                                                           \
        if (!next) next = real(#NAME);                                                     \
        const char *path = traced(fd);                                                     \
        char *kept = path ? strdup(path) : NULL;                                           \
        if (kept) record(OP_SYNC_BEGIN, kept, (uint64_t)fd, NULL, 0);                      \
        int result = next(fd);                                                             \
        if (kept && result == 0) record(OP_SYNC_END, kept, (uint64_t)fd, NULL, 0);         \
        free(kept);                                                                        \
        return result;                                                                     \
    }
SYNC(fsync)
SYNC(fdatasync)

#define TRUNCATE(NAME)                                                                     \
    int NAME(int fd, off_t length) {                                                       \
        static int (*next)(int, off_t);                                                    \
        if (!next) next = real(#NAME);                                                     \
        int result = next(fd, length);                                                     \
        const char *path = traced(fd);                                                     \
        if (path && result == 0) record(OP_TRUNCATE, path, (uint64_t)length, NULL, 0);     \
        return result;                                                                     \
    }
TRUNCATE(ftruncate)
TRUNCATE(ftruncate64)

int rename(const char *from, const char *to) {
    static int (*next)(const char *, const char *);
    if (!next) next = real("rename");
    int result = next(from, to);
    char a[PATH_MAX], b[PATH_MAX];
    const char *old = below(from, a), *now = below(to, b);
    if (result == 0 && old && now) record(OP_RENAME, old, 0, now, strlen(now));
    return result;
}

static void linked(int result, const char *from, const char *to) {
    char a[PATH_MAX], b[PATH_MAX];
    const char *old = below(from, a), *now = below(to, b);
    if (result == 0 && old && now) record(OP_LINK, old, 0, now, strlen(now));
}

int link(const char *from, const char *to) {
    static int (*next)(const char *, const char *);
    if (!next) next = real("link");
    int result = next(from, to);
    linked(result, from, to);
    return result;
}

int linkat(int from_dir, const char *from, int to_dir, const char *to, int flags) {
    static int (*next)(int, const char *, int, const char *, int);
    if (!next) next = real("linkat");
    int result = next(from_dir, from, to_dir, to, flags);
    if (from_dir == AT_FDCWD && to_dir == AT_FDCWD) linked(result, from, to);
    return result;
}

int unlink(const char *path) {
    static int (*next)(const char *);
    if (!next) next = real("unlink");
    int result = next(path);
    char a[PATH_MAX];
    const char *inside = below(path, a);
    if (result == 0 && inside) record(OP_UNLINK, inside, 0, NULL, 0);
    return result;
}

int mkdir(const char *path, mode_t mode) {
    static int (*next)(const char *, mode_t);
    if (!next) next = real("mkdir");
    int result = next(path, mode);
    char a[PATH_MAX];
    const char *inside = below(path, a);
    if (result == 0 && inside) record(OP_MKDIR, inside, 0, NULL, 0);
    return result;
}

int rmdir(const char *path) {
    static int (*next)(const char *);
    if (!next) next = real("rmdir");
    int result = next(path);
    char a[PATH_MAX];
    const char *inside = below(path, a);
    if (result == 0 && inside) record(OP_RMDIR, inside, 0, NULL, 0);
    return result;
}
