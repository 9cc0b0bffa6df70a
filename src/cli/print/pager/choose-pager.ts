// Which pager long text goes to, after the environment, as git chooses one.

/** What no shell has to look at, so that the program can be told before it is started. */
const PLAIN_WORDS = /^[\w./+:@, -]+$/;

/** A command line for /bin/sh; undefined where there is to be none. `isThere` answers whether PATH has a program. */
export function choosePager(
  env: Readonly<Record<string, string | undefined>>,
  isThere: (program: string) => boolean,
): string | undefined {
  const named = (env.STRATAFS_PAGER ?? env.PAGER)?.trim();
  if (named !== undefined) return named === '' || named === 'cat' ? undefined : named;
  const isDumb = (env.TERM ?? 'dumb') === 'dumb';
  return !isDumb && isThere('less') ? 'less' : undefined;
}

/** The program that the command line names; undefined where only a shell can tell. */
export function programOfPager(commandLine: string): string | undefined {
  return PLAIN_WORDS.test(commandLine) ? commandLine.split(' ')[0] : undefined;
}
