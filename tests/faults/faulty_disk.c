/* A stand-in for a disk that fails or hangs, to be preloaded. It counts the calls of each kind on
   files below FAULTY_DISK_BELOW, over all processes that map FAULTY_DISK_STATE, and lets those with
   the numbers `first` to `last` fail, or hang until they are released. The layout of the state is
   known to faulty_disk.py. Writes to mapped memory and closing cannot be seen from here. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { WRITE, SYNC, CREATE, TRUNCATE, RENAME, UNLINK, LOOK, READ, KINDS };
enum { HANG = -1 };

struct state {
  _Atomic int64_t calls[KINDS]; /* seen since the last order, of each kind */
  _Atomic int64_t counted;      /* of the chosen kinds together */
  _Atomic int64_t kinds;        /* chosen: a bit each */
  _Atomic int64_t first, last;  /* numbers, from 1, of the calls that fail; none where first is 0 */
  _Atomic int64_t error;        /* errno, or HANG */
  _Atomic int64_t torn;         /* whether half of a write that fails gets through */
  _Atomic int64_t failed;       /* how many calls did */
  _Atomic int64_t hanging;      /* how many do now */
  _Atomic int64_t released;     /* hanging calls go on, and succeed */
};

static struct state *state;
static const char *below;

__attribute__((constructor)) static void begin(void) {
  const char *path = getenv("FAULTY_DISK_STATE");
  below = getenv("FAULTY_DISK_BELOW");
  if (!path || !below) return;
  int fd = open(path, O_RDWR | O_CLOEXEC);
  if (fd < 0) return;
  void *at = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (at != MAP_FAILED) state = at;
}

static int lies_below(const char *path) {
  char whole[PATH_MAX];
  if (!state || !path) return 0;
  if (*path != '/') {
    if (!getcwd(whole, sizeof whole)) return 0;
    size_t length = strlen(whole);
    snprintf(whole + length, sizeof whole - length, "/%s", path);
    path = whole;
  }
  return !strncmp(path, below, strlen(below));
}

static int fd_below(int fd) {
  char link[64], path[PATH_MAX];
  if (!state) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return lies_below(path);
}

static int at_below(int directory, const char *path) {
  return *path == '/' || directory == AT_FDCWD ? lies_below(path) : fd_below(directory);
}

/* Counts a call; says whether it has to fail, with errno set. */
static int fails(int kind) {
  int before = errno;
  state->calls[kind]++;
  if (!(state->kinds >> kind & 1)) return 0;
  int64_t number = ++state->counted;
  if (!state->first || number < state->first || number > state->last) return 0;
  state->failed++;
  if (state->error != HANG) {
    errno = (int)state->error;
    return 1;
  }
  state->hanging++;
  struct timespec moment = {0, 2000000};
  while (!state->released) nanosleep(&moment, 0);
  state->hanging--;
  errno = before;
  return 0;
}

#define REAL(type, name, parameters)          \
  static type(*real) parameters;              \
  if (!real) real = (type(*) parameters)dlsym(RTLD_NEXT, #name)

#define CALL(kind, where, failure, type, name, parameters, ...) \
  type name parameters {                                        \
    REAL(type, name, parameters);                               \
    if (where && fails(kind)) return failure;                   \
    return real(__VA_ARGS__);                                   \
  }

/* A write that fails after half of it is in the file, as on a disk that runs full. */
#define WRITE_CALL(name, parameters, half, ...)        \
  ssize_t name parameters {                            \
    REAL(ssize_t, name, parameters);                   \
    if (fd_below(fd) && fails(WRITE)) {                \
      int error = errno;                               \
      if (state->torn) (void)!half;                    \
      errno = error;                                   \
      return -1;                                       \
    }                                                  \
    return real(__VA_ARGS__);                          \
  }

WRITE_CALL(write, (int fd, const void *data, size_t size), real(fd, data, size / 2), fd, data, size)
WRITE_CALL(writev, (int fd, const struct iovec *parts, int count), real(fd, parts, count / 2), fd,
           parts, count)
WRITE_CALL(pwrite, (int fd, const void *data, size_t size, off_t at), real(fd, data, size / 2, at),
           fd, data, size, at)
WRITE_CALL(pwrite64, (int fd, const void *data, size_t size, off64_t at),
           real(fd, data, size / 2, at), fd, data, size, at)

CALL(SYNC, fd_below(fd), -1, int, fsync, (int fd), fd)
CALL(SYNC, fd_below(fd), -1, int, fdatasync, (int fd), fd)
CALL(TRUNCATE, fd_below(fd), -1, int, ftruncate, (int fd, off_t size), fd, size)
CALL(TRUNCATE, fd_below(fd), -1, int, ftruncate64, (int fd, off64_t size), fd, size)
CALL(RENAME, lies_below(old), -1, int, rename, (const char *old, const char *new), old, new)
CALL(RENAME, at_below(from, old), -1, int, renameat,
     (int from, const char *old, int to, const char *new), from, old, to, new)
CALL(RENAME, lies_below(old), -1, int, link, (const char *old, const char *new), old, new)
CALL(RENAME, at_below(from, old), -1, int, linkat,
     (int from, const char *old, int to, const char *new, int flags), from, old, to, new, flags)
CALL(UNLINK, lies_below(path), -1, int, unlink, (const char *path), path)
CALL(UNLINK, at_below(at, path), -1, int, unlinkat, (int at, const char *path, int flags), at, path,
     flags)
CALL(UNLINK, lies_below(path), -1, int, rmdir, (const char *path), path)
CALL(CREATE, lies_below(path), -1, int, mkdir, (const char *path, mode_t mode), path, mode)

CALL(LOOK, lies_below(path), -1, int, stat, (const char *path, struct stat *to), path, to)
CALL(LOOK, lies_below(path), -1, int, stat64, (const char *path, struct stat64 *to), path, to)
CALL(LOOK, lies_below(path), -1, int, lstat, (const char *path, struct stat *to), path, to)
CALL(LOOK, lies_below(path), -1, int, lstat64, (const char *path, struct stat64 *to), path, to)
CALL(LOOK, fd_below(fd), -1, int, fstat, (int fd, struct stat *to), fd, to)
CALL(LOOK, fd_below(fd), -1, int, fstat64, (int fd, struct stat64 *to), fd, to)
CALL(LOOK, at_below(at, path), -1, int, fstatat,
     (int at, const char *path, struct stat *to, int flags), at, path, to, flags)
CALL(LOOK, at_below(at, path), -1, int, fstatat64,
     (int at, const char *path, struct stat64 *to, int flags), at, path, to, flags)
CALL(LOOK, lies_below(path), -1, int, access, (const char *path, int mode), path, mode)
CALL(LOOK, lies_below(path), -1, int, statvfs, (const char *path, struct statvfs *to), path, to)
CALL(LOOK, lies_below(path), -1, int, statvfs64, (const char *path, struct statvfs64 *to), path, to)
CALL(LOOK, lies_below(path), 0, DIR *, opendir, (const char *path), path)

CALL(READ, fd_below(fd), -1, ssize_t, read, (int fd, void *data, size_t size), fd, data, size)
CALL(READ, fd_below(fd), -1, ssize_t, pread, (int fd, void *data, size_t size, off_t at), fd, data,
     size, at)
CALL(READ, fd_below(fd), -1, ssize_t, pread64, (int fd, void *data, size_t size, off64_t at), fd,
     data, size, at)

static mode_t mode_of(int flags, va_list rest) {
  return flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;
}

static int kind_of(int flags) { return flags & O_CREAT ? CREATE : READ; }

#define OPEN(name)                                                    \
  int name(const char *path, int flags, ...) {                        \
    REAL(int, name, (const char *, int, ...));                        \
    va_list rest;                                                     \
    va_start(rest, flags);                                            \
    mode_t mode = mode_of(flags, rest);                               \
    va_end(rest);                                                     \
    if (lies_below(path) && fails(kind_of(flags))) return -1;         \
    return real(path, flags, mode);                                   \
  }
OPEN(open)
OPEN(open64)

#define OPENAT(name)                                                  \
  int name(int at, const char *path, int flags, ...) {                \
    REAL(int, name, (int, const char *, int, ...));                   \
    va_list rest;                                                     \
    va_start(rest, flags);                                            \
    mode_t mode = mode_of(flags, rest);                               \
    va_end(rest);                                                     \
    if (at_below(at, path) && fails(kind_of(flags))) return -1;       \
    return real(at, path, flags, mode);                               \
  }
OPENAT(openat)
OPENAT(openat64)

#define FOPEN(name)                                                                   \
  FILE *name(const char *path, const char *mode) {                                    \
    REAL(FILE *, name, (const char *, const char *));                                 \
    if (lies_below(path) && fails(*mode == 'r' ? READ : CREATE)) return 0;            \
    return real(path, mode);                                                          \
  }
FOPEN(fopen)
FOPEN(fopen64)
