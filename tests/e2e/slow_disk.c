/* A stand-in for a slow disk, to be preloaded: whatever is written to files below SLOW_DISK_BELOW
   takes its time, and all processes that map SLOW_DISK_STATE share one disk of SLOW_DISK_RATE bytes
   a second. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static _Atomic int64_t *busy_until;
static const char *below;
static int64_t rate;

__attribute__((constructor)) static void begin(void) {
  const char *state = getenv("SLOW_DISK_STATE"), *bytes = getenv("SLOW_DISK_RATE");
  below = getenv("SLOW_DISK_BELOW");
  if (!state || !bytes || !below) return;
  int fd = open(state, O_RDWR | O_CLOEXEC);
  if (fd < 0) return;
  void *at = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (at == MAP_FAILED) return;
  rate = atoll(bytes);
  busy_until = at;
}

static int slow(int fd) {
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return !strncmp(path, below, strlen(below));
}

static void pay(int fd, ssize_t written) {
  if (!busy_until || written <= 0 || !slow(fd)) return;
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
