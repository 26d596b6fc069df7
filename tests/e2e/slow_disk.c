/* A stand-in for a slow disk, to be preloaded: whatever is written to a regular file takes its time,
   and all processes that map SLOW_DISK_STATE share one disk of SLOW_DISK_RATE bytes a second. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static _Atomic int64_t *busy_until;
static int64_t rate;

__attribute__((constructor)) static void begin(void) {
  const char *state = getenv("SLOW_DISK_STATE"), *bytes = getenv("SLOW_DISK_RATE");
  if (!state || !bytes) return;
  int fd = open(state, O_RDWR | O_CLOEXEC);
  if (fd < 0) return;
  void *at = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (at == MAP_FAILED) return;
  rate = atoll(bytes);
  busy_until = at;
}

static void pay(int fd, ssize_t written) {
  struct stat status;
  if (!busy_until || written <= 0 || fstat(fd, &status) || !S_ISREG(status.st_mode)) return;
  struct timespec clock;
  clock_gettime(CLOCK_MONOTONIC, &clock);
  int64_t now = clock.tv_sec * 1000000000LL + clock.tv_nsec;
  int64_t before = *busy_until, after;
  do after = (before > now ? before : now) + written * 1000000000LL / rate;
  while (!__atomic_compare_exchange_n((int64_t *)busy_until, &before, after, 0, __ATOMIC_SEQ_CST,
                                      __ATOMIC_SEQ_CST));
  clock.tv_sec = after / 1000000000LL;
  clock.tv_nsec = after % 1000000000LL;
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &clock, 0)) ;
}

#define SLOW(name, parameters, ...)                                   \
  ssize_t name parameters {                                           \
    static ssize_t(*real) parameters;                                 \
    if (!real) real = (ssize_t(*) parameters)dlsym(RTLD_NEXT, #name); \
    ssize_t written = real(__VA_ARGS__);                              \
    pay(fd, written);                                                 \
    return written;                                                   \
  }

SLOW(write, (int fd, const void *data, size_t size), fd, data, size)
SLOW(writev, (int fd, const struct iovec *parts, int count), fd, parts, count)
SLOW(pwrite, (int fd, const void *data, size_t size, off_t at), fd, data, size, at)
SLOW(pwrite64, (int fd, const void *data, size_t size, off64_t at), fd, data, size, at)
