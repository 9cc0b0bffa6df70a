// Client: reads a file from start to end, 1 MiB a call, or with a second argument N makes N reads of 4 KiB at places
// that are random but the same in every run. Prints a checksum of what it saw, then "NANOSECONDS INBLOCK MICROSECONDS", the last of processor time.
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { CHUNK = 1 << 20, PIECE = 4096 };

static uint64_t word(const char *bytes) {
  uint64_t value;
  memcpy(&value, bytes, sizeof value);
  return value;
}

static uint64_t read_all(int file, char *buffer) {
  uint64_t sum = 0, total = 0;
  for (;;) {
    ssize_t got = read(file, buffer, CHUNK);
    if (got < 0) err(1, "read");
    if (got == 0) return sum ^ total;
    for (ssize_t at = 0; at + 8 <= got; at += PIECE) sum = sum * 31 + word(buffer + at);
    total += got;
  }
}

static uint64_t read_pieces(int file, char *buffer, long count) {
  struct stat st;
  if (fstat(file, &st)) err(1, "fstat");
  uint64_t pieces = st.st_size / PIECE, sum = 0, state = 88172645463325252u;
  if (pieces == 0) errx(1, "the file is too short");
  while (count-- > 0) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    if (pread(file, buffer, PIECE, (off_t)(state % pieces) * PIECE) != PIECE) err(1, "pread");
    sum = sum * 31 + word(buffer);
  }
  return sum;
}

int main(int argc, char **argv) {
  if (argc < 2) errx(2, "usage: read FILE [COUNT]");
  char *buffer = malloc(CHUNK);
  if (!buffer) err(1, "malloc");
  memset(buffer, 1, CHUNK);
  struct timespec start, end;
  clock_gettime(CLOCK_MONOTONIC, &start);
  int file = open(argv[1], O_RDONLY);
  if (file < 0) err(1, "open %s", argv[1]);
  uint64_t sum = argc > 2 ? read_pieces(file, buffer, atol(argv[2])) : read_all(file, buffer);
  close(file);
  clock_gettime(CLOCK_MONOTONIC, &end);
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  int64_t processor = (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * INT64_C(1000000) + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
  int64_t elapsed = (end.tv_sec - start.tv_sec) * INT64_C(1000000000) + (end.tv_nsec - start.tv_nsec);
  printf("%016llx\n%lld %ld %lld\n", (unsigned long long)sum, (long long)elapsed, usage.ru_inblock, (long long)processor);
  return 0;
}
