// `npm run bench`, as root: how fast stratafs serves, beside the kernel's own overlay mount and fuse-overlayfs.
//
// Layers of some 155,000 names are written once to $TMPDIR/stratafs-bench (1.2 GB; 1 million more with --growth) and used
// again. Each contender mounts the same layers; in each round each has its turn, another one first every time; the figures
// are medians. All of it twice: free, and with server, client and the client's peers pinned to one processor, because
// waking an idle processor is the greatest part of a request. What is measured measures itself in a process of its own:
// small C programs (bench/*.c, compiled at the start), tar and rg. Samples that read from disk and should not have, or
// the other way round, are rejected and taken again. Every client also says what it saw, and contenders that showed
// different things are a failure.
//
// The rows of diff have pairs of stacks of their own (2.5 GB in $TMPDIR/stratafs-bench-diff), and diff(1) and rsync beside
// them: bench/diff.ts; those of the survey, with `du -s` beside it, are written anew: bench/survey.ts; those of archives have
// an image in two forms (1.4 GB in $TMPDIR/stratafs-bench-archives), umoci, docker load and ratarmount beside: bench/archives.ts. That
// of `mount --all` has a store of forty images (150 MB in $TMPDIR/stratafs-bench-whole), forty mounts beside: bench/whole.ts.
//
// What the rows mean, and the figures: native-notes/performance.md, native-notes/diff.md. Options: npm run bench -- --help.
// Exit code 0 when all was measured, whatever the goals; 1 when something failed; 2 when it could not begin.
import { archivesText, measureArchives } from './bench/archives.ts';
import { Clients } from './bench/clients.ts';
import { findContenders } from './bench/contenders.ts';
import { diffText, measureDiffs } from './bench/diff.ts';
import { learn } from './bench/learning.ts';
import { openNodes } from './bench/nodes.ts';
import { type Options, parseOptions, USAGE } from './bench/options.ts';
import { chooseScenarios, describeRun, openStacks } from './bench/prepare.ts';
import { probe } from './bench/probe.ts';
import { Refusal } from './bench/refusal.ts';
import { type Account, asText, documentOf } from './bench/report.ts';
import { Results, runRounds } from './bench/rounds.ts';
import { ROWS } from './bench/rows.ts';
import { Session } from './bench/session.ts';
import { liesOnDisk } from './bench/stack.ts';
import { measureSurveys, surveyText } from './bench/survey.ts';
import { measureWhole, wholeText } from './bench/whole.ts';

try {
  const options = parseOptions(process.argv.slice(2));
  if (options === undefined) process.stdout.write(USAGE);
  else process.exitCode = await bench(options);
} catch (error) {
  if (!(error instanceof Refusal)) throw error;
  process.stderr.write(`bench: ${error.message}\n`);
  process.exitCode = 2;
}

async function bench(options: Options): Promise<number> {
  if (process.getuid?.() !== 0) throw new Refusal('Cannot measure "mounts": only root can make them');
  const session = new Session();
  try {
    const account = options.rows.size > 0 ? await benchMounts(session, options) : undefined;
    if (account && !options.isJson) process.stdout.write(asText(account, options.showsProcessor));
    const { diffRows, surveyRows, archiveRows, wholeRows, rounds, directory } = options;
    const diffs = await measureDiffs(session, { rows: diffRows, rounds, directory: `${directory}-diff` });
    if (!options.isJson) process.stdout.write(diffText(diffs));
    const surveys = await measureSurveys(session, { rows: surveyRows, rounds });
    if (!options.isJson) process.stdout.write(surveyText(surveys));
    const archives =
      archiveRows.length === 0
        ? []
        : await measureArchives(session, await Clients.compile(session), {
            ...{ rows: archiveRows, rounds, directory: `${directory}-archives` },
          });
    if (!options.isJson) process.stdout.write(archivesText(archives));
    const whole = await measureWhole(session, { rows: wholeRows, rounds, directory: `${directory}-whole` });
    if (!options.isJson) process.stdout.write(wholeText(whole));
    const document = { ...(account && documentOf(account)), diff: diffs, survey: surveys, archives, whole };
    if (options.isJson) process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
    return (account?.results.failures.length ?? 0) > 0 ? 1 : 0;
  } finally {
    session.end();
  }
}

async function benchMounts(session: Session, options: Options): Promise<Account> {
  const clients = await Clients.compile(session);
  const nodes = await openNodes(session, `${options.directory}-nodes`, options.nodes);
  const { present, absent } = await findContenders(session, options.contenders, nodes);
  const stacks = await openStacks(session, clients, options);
  const bench = { session, clients, stacks, hasDisk: liesOnDisk(options.directory) };
  const { scenarios, skipped } = await chooseScenarios(bench, options);
  const environment = await describeRun(bench, options);
  const { able, fallenBack, failures } = await probe(bench, present);
  await learn(bench, able);
  const results = new Results();
  for (const failure of failures) results.fail(failure);
  const { placements, rounds } = options;
  await runRounds({ scenarios, contenders: able, placements, rounds }, results);
  return {
    results,
    contenders: able,
    absent: [...absent, ...fallenBack],
    skipped,
    rows: ROWS.filter((row) => options.rows.has(row) || row.id === 'start-node'),
    placements,
    environment,
  };
}
