// What another process that is asked about a store may do instead of answering, by programs that do it.
import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Asking } from '../../../src/cli/mount/looks/asking.ts';
import { FollowedRoot } from '../../../src/cli/mount/looks/followed-root.ts';
import { FakeStore } from '../../support/fake-store.ts';
import { serversOf } from '../../support/stratafs.ts';
import { describeSystem } from '../../support/system.ts';
import { temporaryForSuite, until } from '../../support/temporary.ts';

const QUESTION = { what: 'lists', store: { root: '/nowhere' } } as const;
const NOTHING = 'setInterval(() => {}, 1e6)';
/** Milliseconds in which one that does nothing is known for it. */
const STILL = 800;

describe('Asking', () => {
  const temporary = temporaryForSuite();
  let count = 0;

  function asking(program: string, still?: number): Asking {
    count += 1;
    const file = temporary.path(`${count}.mjs`);
    writeFileSync(file, program);
    return new Asking({ program: file, ...(still === undefined ? {} : { still }) });
  }

  it('has the answer of a process that ends well, which knows who asks', async () => {
    const program = `process.stdout.write(JSON.stringify({ kind: 'trouble', message: process.argv[2] }))`;
    expect(await asking(program).ask(QUESTION)).toEqual({ kind: 'trouble', message: String(process.pid) });
  });

  it.each([
    [
      'cut in the middle',
      `process.stdout.write('{"kind":"lis'); process.stdout.end(); process.exitCode = 3`,
      'it ended with 3',
    ],
    [
      'whole, of one that is killed',
      `process.stdout.write('{}', () => process.kill(process.pid, 'SIGKILL'))`,
      'it ended with SIGKILL',
    ],
    ['of one that has none', `process.exitCode = 1`, 'it ended with 1'],
    [
      'of one that says why',
      `console.error('\\n first\\nsecond\\n'); process.exitCode = 1`,
      'it ended with 1: first | second',
    ],
  ])('takes no answer %s', async (_, program, why) => {
    expect(await asking(program).ask(QUESTION)).toEqual({ kind: 'failed', why });
  });

  it('waits no longer for a process that does nothing, and ends it', async () => {
    const program = `process.on('SIGTERM', () => {}); ${NOTHING}`;
    expect(await asking(program, STILL).ask(QUESTION)).toEqual({
      kind: 'late',
      why: 'the process that does it has not answered, nor worked, for 0.8 s, and was ended',
      waited: STILL,
    });
    await until('its end', () => serversOf(temporary.path(`${count}.mjs`)).length === 0);
  });

  it('ends who was asked when nobody wants an answer any more, and asks nobody else', async () => {
    const over = { kind: 'late', why: 'the mount has ended', waited: 0 };
    const asks = asking(NOTHING);
    const waiting = asks.ask(QUESTION);
    asks.end();
    expect(await waiting).toEqual(over);
    expect(await asks.ask(QUESTION)).toEqual(over);
    await until('its end', () => serversOf(temporary.path(`${count}.mjs`)).length === 0);
  });
});

describeSystem('a store that cannot be listed', ['root'], () => {
  const temporary = temporaryForSuite();
  const words = (root: string) => ({ root, data: 'auto', driver: 'kernel', say: () => {} }) as const;

  it('is shown as it was, and has its news until it was listed', async () => {
    const store = new FakeStore(temporary.path('damaged'));
    const [program, answer] = [temporary.path('said.mjs'), temporary.path('answer')];
    writeFileSync(
      program,
      `import { readFileSync } from 'node:fs'; process.stdout.write(readFileSync('${answer}'))`,
    );
    const asking = new Asking({ program });
    const root = await FollowedRoot.open(words(store.root), { isAlone: false, asking });
    const told: string[] = [];
    const look = () => root.look((message) => told.push(message));
    const lists = { kind: 'lists', lists: { images: [], containers: [] }, cost: 100 };
    writeFileSync(answer, JSON.stringify(lists));
    const shown = await look();
    expect([root.hasNews(), told]).toEqual([false, []]);
    store.image({ names: ['app:1'], layers: ['one'] });
    writeFileSync(answer, JSON.stringify({ kind: 'trouble', message: 'Cannot list' }));
    expect(await look()).toBe(shown);
    expect([root.hasNews(), told]).toEqual([true, ['Cannot list']]);
    writeFileSync(answer, JSON.stringify(lists));
    expect(await look()).toBe(shown);
    expect(root.hasNews()).toBe(false);
  });

  it('is shown as it was where another process does not answer, and rests after that', async () => {
    const store = new FakeStore(temporary.path('hung'));
    const program = temporary.path('nothing.mjs');
    writeFileSync(program, NOTHING);
    const asking = new Asking({ program, still: STILL });
    const root = await FollowedRoot.open(words(store.root), { isAlone: false, asking });
    const before = root.latest;
    const told: string[] = [];
    expect(await root.look((message) => told.push(message))).toBe(before);
    expect(told.join()).toContain(`Cannot list "${store.root}": the process that does it has not answered`);
    expect([root.hasNews(), root.cost]).toEqual([true, STILL]);
  });
});
