// Client: walks every name below a directory with getdents64 and fstatat, as find(1) with -printf '%s' would, and
// prints how many names it saw, then "NANOSECONDS INBLOCK MICROSECONDS", the last of processor time. With a second argument N, N processes do it at once, each
// beginning at another of the root's directories.
#define _GNU_SOURCE
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// What glibc's readdir asks for, and so the size most programs' requests have.
enum { BUFFER = 32768 };

struct names {
  char *bytes;
  size_t used, room;
};

static void keep(struct names *names, const char *name) {
  size_t length = strlen(name) + 1;
  if (names->used + length > names->room) {
    names->room = (names->room + length) * 2;
    names->bytes = realloc(names->bytes, names->room);
    if (!names->bytes) err(1, "realloc");
  }
  memcpy(names->bytes + names->used, name, length);
  names->used += length;
}

static const char *nth(const struct names *names, long n) {
  const char *name = names->bytes;
  while (n-- > 0) name += strlen(name) + 1;
  return name;
}

/** Takes the descriptor over. `share` of `shares` says with which subdirectory to begin. */
static long walk(int directory, long share, long shares) {
  char buffer[BUFFER];
  struct names below = {0};
  long seen = 0, count = 0;
  for (;;) {
    ssize_t filled = getdents64(directory, buffer, sizeof buffer);
    if (filled < 0) err(1, "getdents64");
    if (filled == 0) break;
    for (ssize_t at = 0; at < filled;) {
      struct dirent64 *entry = (struct dirent64 *)(buffer + at);
      at += entry->d_reclen;
      if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
      struct stat st;
      if (fstatat(directory, entry->d_name, &st, AT_SYMLINK_NOFOLLOW)) err(1, "fstatat %s", entry->d_name);
      seen++;
      if (S_ISDIR(st.st_mode)) {
        keep(&below, entry->d_name);
        count++;
      }
    }
  }
  long first = shares > 0 ? count * share / shares : 0;
  const char *name = count > 0 ? nth(&below, first) : NULL;
  for (long i = 0; i < count; i++) {
    if (first + i == count) name = below.bytes;
    int child = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (child < 0) err(1, "openat %s", name);
    seen += walk(child, 0, 0);
    name += strlen(name) + 1;
  }
  free(below.bytes);
  close(directory);
  return seen;
}

static long walk_root(const char *path, long share, long shares) {
  int root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (root < 0) err(1, "open %s", path);
  return walk(root, share, shares);
}

static long walk_together(const char *path, long walkers) {
  long *seen = mmap(NULL, sizeof(long) * walkers, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (seen == MAP_FAILED) err(1, "mmap");
  for (long i = 0; i < walkers; i++) {
    pid_t pid = fork();
    if (pid < 0) err(1, "fork");
    if (pid == 0) {
      seen[i] = walk_root(path, i, walkers);
      _exit(0);
    }
  }
  long total = 0;
  for (long i = 0; i < walkers; i++) {
    int status;
    if (wait(&status) < 0) err(1, "wait");
    if (status != 0) errx(1, "a walker failed");
  }
  for (long i = 0; i < walkers; i++) total += seen[i];
  return total;
}

int main(int argc, char **argv) {
  if (argc < 2) errx(2, "usage: walk DIR [WALKERS]");
  long walkers = argc > 2 ? atol(argv[2]) : 1;
  struct timespec start, end;
  clock_gettime(CLOCK_MONOTONIC, &start);
  long seen = walkers > 1 ? walk_together(argv[1], walkers) : walk_root(argv[1], 0, 0);
  clock_gettime(CLOCK_MONOTONIC, &end);
  struct rusage usage;
  getrusage(walkers > 1 ? RUSAGE_CHILDREN : RUSAGE_SELF, &usage);
  int64_t processor = (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * INT64_C(1000000) + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
  int64_t elapsed = (end.tv_sec - start.tv_sec) * INT64_C(1000000000) + (end.tv_nsec - start.tv_nsec);
  printf("%ld\n%lld %ld %lld\n", seen, (long long)elapsed, usage.ru_inblock, (long long)processor);
  return 0;
}
