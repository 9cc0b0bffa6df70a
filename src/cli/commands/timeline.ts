// `stratafs timeline`: every file of images and containers with its times, for mactime and the like.

import type { Command } from 'commander';
import { LineSorter } from '../../layers/sort.ts';
import { keptOf } from '../../open/kept.ts';
import { mustHaveLayers } from '../../open/missing.ts';
import { changesOf, openDamagedStack, openTheStore, type StoreOptions } from '../../open/stack.ts';
import type { LayerStack } from '../../store/layer-stack.ts';
import { namespacePrefix } from '../../store/summary.ts';
import { Trouble } from '../../sys/errors.ts';
import { cannotSort, sortDirectory } from '../examine/sort-directory.ts';
import { TimelineWalk } from '../examine/timeline-walk.ts';
import { beginJson, jsonRoot } from '../json/stream.ts';
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
      const wanted = options.all ? await everything(options, terminal) : references;
      await write(wanted, form, options, terminal);
    });
}

async function everything(options: TimelineOptions, terminal: Terminal): Promise<string[]> {
  const store = await openTheStore(options);
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
  references: readonly string[],
  form: TimelineForm,
  options: TimelineOptions,
  terminal: Terminal,
): Promise<void> {
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
  const directory = sortDirectory(stacks.flatMap((stack) => keptOf(stack, options.root)));
  const sorter = new LineSorter({ directory });
  const walk = new TimelineWalk(
    {
      shadowed: options.shadowed === true,
      recordsOf: (stack, known) => changesOf(stack, options, known),
    },
    (told) => form.lines(told, (key, line) => sorter.add(key, line)),
    terminal,
  );
  try {
    if (options.all && !options.perImage) await walk.collectShared(stacks);
    else await walk.collectEach(stacks);
    walk.end();
    const lines = sorter.sorted();
    if (options.format === 'jsonl')
      beginJson(terminal, 'timeline', { ...jsonRoot(options), ...(options.all ? {} : { refs: references }) });
    terminal.out.write(form.heading);
    for (const line of lines) terminal.out.write(`${line}\n`);
  } catch (error) {
    throw cannotSort(directory, error);
  } finally {
    walk.end();
    sorter.close();
  }
}
