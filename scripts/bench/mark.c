// Builder: makes the overlay marks that Node cannot. Reads lines "w PATH" (a whiteout, character device 0:0) and
// "o PATH" (marks a directory opaque) from stdin.
#define _GNU_SOURCE
#include <err.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

int main(void) {
  char line[8192];
  while (fgets(line, sizeof line, stdin)) {
    line[strcspn(line, "\n")] = 0;
    const char *path = line + 2;
    if (line[0] == 'w') {
      if (mknod(path, S_IFCHR, makedev(0, 0))) err(1, "mknod %s", path);
    } else if (line[0] == 'o') {
      if (setxattr(path, "trusted.overlay.opaque", "y", 1, 0)) err(1, "setxattr %s", path);
    } else {
      errx(2, "unknown line: %s", line);
    }
  }
  return 0;
}
