// `stratafs timeline`: every file of images and containers with its times, for mactime and the like.

import type { Command } from 'commander';
import { LineSorter } from '../../layers/sort.ts';
import { keptOf } from '../../open/kept.ts';
import { mustHaveLayers } from '../../open/missing.ts';
import { changesOf, openDamagedStack, type StoreOptions } from '../../open/stack.ts';
import type { LayerStack } from '../../store/layer-stack.ts';
import { namespacePrefix } from '../../store/summary.ts';
import { Trouble } from '../../sys/errors.ts';
import { eachStore, everyStore, jsonRoots, type RootMark, type WholeStore } from '../examine/every-store.ts';
import { cannotSort, sortDirectory } from '../examine/sort-directory.ts';
import { TimelineWalk } from '../examine/timeline-walk.ts';
import { beginJson } from '../json/stream.ts';
import { metadataOption } from '../metadata-option.ts';
import { reportMissing } from '../missing.ts';
import type { Terminal } from '../print/terminal.ts';
import { TIMELINE_FORMS, type TimelineForm } from '../print/timeline-forms.ts';
import { REFERENCE_WORDS } from '../topics.ts';

interface TimelineOptions extends StoreOptions {
  readonly all?: true;
  readonly perImage?: true;
  readonly format: string;
  readonly shadowed?: true;
}

export function registerTimeline(program: Command, terminal: Terminal): void {
  program
    .command('timeline')
    .summary('list all files with their times, deleted ones too')
    .description(
      "Write a body file for The Sleuth Kit's mactime (by path), or one line an event, by time. What a lower layer has and " +
        'a newer one removed is marked "(deleted)".',
    )
    .argument('[ref...]', REFERENCE_WORDS)
    .option('--all', 'every layer of the store once, with the images and containers that have it')
    .option('--per-image', 'with --all: each image and container on its own, as its merged view has it')
    .option('--format <form>', `${Object.keys(TIMELINE_FORMS).join(', ')}`, 'body')
    .option('--shadowed', 'older versions of files that are still there too, marked "(shadowed)"')
    .addOption(metadataOption())
    .action(async (references: string[], _: unknown, command: Command) => {
      const options = command.optsWithGlobals<TimelineOptions>();
      const form = Object.hasOwn(TIMELINE_FORMS, options.format) ? TIMELINE_FORMS[options.format] : undefined;
      if (form === undefined)
        throw new Trouble('usage', `Cannot write the form "${options.format}": no such form`);
      if ((options.all === true) === references.length > 0) {
        throw new Trouble('usage', 'Cannot make a timeline: name images or containers, or give --all');
      }
      if (options.perImage && !options.all)
        throw new Trouble('usage', 'Cannot tell "--per-image" without "--all"');
      await write(await subjectsOf(references, options, terminal), form, options, terminal);
    });
}

/** What is told of one root. */
interface Subject {
  readonly options: TimelineOptions;
  readonly references: readonly string[];
  readonly mark?: RootMark;
}

async function subjectsOf(
  references: readonly string[],
  options: TimelineOptions,
  terminal: Terminal,
): Promise<readonly Subject[]> {
  if (!options.all) return [{ options, references }];
  const subjects: Subject[] = [];
  const stores = await everyStore(options, terminal, { shares: true });
  await eachStore(stores, terminal, async (whole) => {
    subjects.push({ ...whole, references: everything(whole, terminal) });
  });
  return subjects;
}

function everything({ store, options }: WholeStore<TimelineOptions>, terminal: Terminal): string[] {
  for (const sentence of store.damage?.('containers') ?? []) terminal.report(new Trouble('store', sentence));
  // What others were built of has no layer that these have not, and what it shows is no longer anybody's.
  const images = store.images().filter((image) => options.perImage || !image.intermediate);
  return [
    ...images.map((image) => `image:${namespacePrefix(image)}${image.tags[0] ?? image.id}`),
    ...store
      .containers()
      .map((one) => `container:${namespacePrefix(one)}${one.name === '' ? one.id : one.name}`),
  ];
}

async function write(
  subjects: readonly Subject[],
  form: TimelineForm,
  options: TimelineOptions,
  terminal: Terminal,
): Promise<void> {
  const opened: { readonly subject: Subject; readonly stacks: readonly LayerStack[] }[] = [];
  for (const subject of subjects) opened.push({ subject, stacks: await stacksOf(subject, terminal) });
  const kept = opened.flatMap(({ subject, stacks }) =>
    stacks.flatMap((stack) => keptOf(stack, subject.options.root)),
  );
  const directory = sortDirectory(kept);
  const sorter = new LineSorter({ directory });
  try {
    for (const { subject, stacks } of opened) await collect(subject, stacks, form, sorter, terminal);
    const lines = sorter.sorted();
    if (options.format === 'jsonl') {
      const { references = [] } = options.all ? {} : (subjects[0] ?? {});
      const roots = jsonRoots(subjects);
      beginJson(terminal, 'timeline', { ...roots, ...(options.all ? {} : { refs: references }) });
    }
    terminal.out.write(form.heading);
    for (const line of lines) terminal.out.write(`${line}\n`);
  } catch (error) {
    throw cannotSort(directory, error);
  } finally {
    sorter.close();
  }
}

async function stacksOf({ references, options }: Subject, terminal: Terminal): Promise<LayerStack[]> {
  const stacks: LayerStack[] = [];
  for (const reference of references) {
    try {
      const stack = await openDamagedStack(reference, options);
      mustHaveLayers(stack);
      reportMissing(stack, terminal);
      stacks.push(stack);
    } catch (error) {
      terminal.report(error);
    }
  }
  return stacks;
}

async function collect(
  { options, mark }: Subject,
  stacks: readonly LayerStack[],
  form: TimelineForm,
  sorter: LineSorter,
  terminal: Terminal,
): Promise<void> {
  const walk = new TimelineWalk(
    {
      shadowed: options.shadowed === true,
      recordsOf: (stack, known) => changesOf(stack, options, known),
    },
    (told) => form.lines({ ...told, ...(mark && { mark }) }, (key, line) => sorter.add(key, line)),
    terminal,
  );
  try {
    if (options.all && !options.perImage) await walk.collectShared(stacks);
    else await walk.collectEach(stacks);
  } finally {
    walk.end();
  }
}
