// Client: starts a command that mounts on DIR and runs ls(1) on DIR as soon as it is mounted: "background" when the
// command has ended, "foreground" when the mount shows in /proc/self/mountinfo (waited for, not polled) while the
// command goes on. Prints the command's process id, then "NANOSECONDS INBLOCK" from before its start to the end of ls.
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static pid_t start(char **words, const char *log) {
  pid_t pid = fork();
  if (pid < 0) err(1, "fork");
  if (pid > 0) return pid;
  // Nothing of ours stays open in a server that outlives us.
  int out = log ? open(log, O_WRONLY | O_CREAT | O_APPEND, 0600) : open("/dev/null", O_WRONLY);
  if (out < 0) err(127, "open");
  dup2(out, 1);
  if (log) {
    dup2(out, 2);
    setsid();
  }
  if (out > 2) close(out);
  execvp(words[0], words);
  err(127, "%s", words[0]);
}

static void wait_for(pid_t pid, const char *what) {
  int status;
  if (waitpid(pid, &status, 0) < 0) err(1, "waitpid");
  if (status != 0) errx(1, "%s ended with status 0x%x", what, status);
}

/** Asks nothing of the mount itself. */
static uint64_t mount_id(const char *directory) {
  struct statx stx;
  if (statx(AT_FDCWD, directory, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_MNT_ID, &stx)) err(1, "statx");
  return stx.stx_mnt_id;
}

int main(int argc, char **argv) {
  if (argc < 5) errx(2, "usage: start background|foreground DIR LOG COMMAND…");
  const char *directory = argv[2];
  int is_background = !strcmp(argv[1], "background");
  struct pollfd mounts = {.fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC), .events = POLLPRI};
  if (mounts.fd < 0) err(1, "open /proc/self/mountinfo");
  uint64_t before = mount_id(directory);
  struct timespec begin, end;
  clock_gettime(CLOCK_MONOTONIC, &begin);
  pid_t server = start(argv + 4, argv[3]);
  if (is_background) {
    wait_for(server, argv[4]);
  } else {
    while (mount_id(directory) == before) {
      if (poll(&mounts, 1, 1000) < 0) err(1, "poll");
      if (waitpid(server, NULL, WNOHANG) == server) errx(1, "%s ended before it had mounted", argv[4]);
    }
  }
  char *words[] = {"ls", (char *)directory, NULL};
  wait_for(start(words, NULL), "ls");
  clock_gettime(CLOCK_MONOTONIC, &end);
  struct rusage usage;
  getrusage(RUSAGE_CHILDREN, &usage);
  int64_t elapsed = (end.tv_sec - begin.tv_sec) * INT64_C(1000000000) + (end.tv_nsec - begin.tv_nsec);
  printf("%d\n%lld %ld\n", (int)server, (long long)elapsed, usage.ru_inblock);
  return 0;
}
