// Client: runs a command, whose output goes through, then prints "NANOSECONDS INBLOCK MICROSECONDS", the last of processor time for it and all it waited for.
#define _GNU_SOURCE
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv) {
  if (argc < 2) errx(2, "usage: meter COMMAND…");
  struct timespec start, end;
  clock_gettime(CLOCK_MONOTONIC, &start);
  pid_t pid = fork();
  if (pid < 0) err(1, "fork");
  if (pid == 0) {
    execvp(argv[1], argv + 1);
    err(127, "%s", argv[1]);
  }
  int status;
  if (waitpid(pid, &status, 0) < 0) err(1, "waitpid");
  clock_gettime(CLOCK_MONOTONIC, &end);
  if (status != 0) errx(1, "%s ended with status 0x%x", argv[1], status);
  struct rusage usage;
  getrusage(RUSAGE_CHILDREN, &usage);
  int64_t processor = (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * INT64_C(1000000) + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
  int64_t elapsed = (end.tv_sec - start.tv_sec) * INT64_C(1000000000) + (end.tv_nsec - start.tv_nsec);
  printf("%lld %ld %lld\n", (long long)elapsed, usage.ru_inblock, (long long)processor);
  return 0;
}
