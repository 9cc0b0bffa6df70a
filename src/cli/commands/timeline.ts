// `stratafs timeline`: every file of images and containers with its times, for mactime and the like.

import { realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import type { Command } from 'commander';
import { Layers } from '../../layers/layers.ts';
import { LineSorter } from '../../layers/sort.ts';
import { timeline } from '../../layers/timeline.ts';
import type { RecordedLayer } from '../../overlay/recorded/recorded-layer.ts';
import { layerNumber } from '../../store/choice.ts';
import type { ChainId } from '../../store/digest.ts';
import type { LayerStack } from '../../store/store.ts';
import { type ByteString, bytesOf, shownBytes } from '../../sys/bytes.ts';
import { Errno, systemWords, Trouble } from '../../sys/errors.ts';
import { keptAround } from '../../sys/kept.ts';
import { layerFailure } from '../failure.ts';
import { keptOf } from '../kept.ts';
import { metadataOption } from '../metadata-option.ts';
import { mustHaveLayers, reportMissing } from '../missing.ts';
import type { Terminal } from '../print/terminal.ts';
import { TIMELINE_FORMS, type TimelineForm } from '../print/timeline-forms.ts';
import { changesOf, openDamagedStack, openTheStore, REFERENCE_WORDS, type StoreOptions } from '../stack.ts';

interface TimelineOptions extends StoreOptions {
  readonly all?: true;
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
    .option('--all', 'every image and container of the store')
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
      const wanted = options.all ? await everything(options, terminal) : references;
      await write(wanted, form, options, terminal);
    });
}

async function everything(options: StoreOptions, terminal: Terminal): Promise<string[]> {
  const store = await openTheStore(options);
  for (const sentence of store.damage?.('containers') ?? []) terminal.report(new Trouble('store', sentence));
  return [
    ...store.images().map(({ id, tags }) => `image:${tags[0] ?? id}`),
    ...store.containers().map(({ id, name }) => `container:${name === '' ? id : name}`),
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
  const directory = temporaryDirectory(stacks, options);
  const sorter = new LineSorter({ directory });
  try {
    const known = new Map<ChainId, RecordedLayer>();
    for (const stack of stacks) {
      // Images that share layers mostly stand side by side; the records of all would be too many.
      const chains = stack.layers.map(({ chainId }) => chainId);
      for (const chainId of known.keys()) if (!chains.includes(chainId)) known.delete(chainId);
      try {
        const layers = new Layers(stack, await changesOf(stack, options, known));
        collect(layers, stacks.length > 1, form, options, sorter, terminal);
      } catch (error) {
        terminal.report(error);
      }
    }
    const lines = sorter.sorted();
    terminal.out.write(form.heading);
    for (const line of lines) terminal.out.write(`${line}\n`);
  } catch (error) {
    throw cannotSort(directory, error);
  } finally {
    sorter.close();
  }
}

function collect(
  layers: Layers,
  isOneOfMany: boolean,
  form: TimelineForm,
  options: TimelineOptions,
  sorter: LineSorter,
  terminal: Terminal,
): void {
  const { stack } = layers;
  const { label } = stack;
  try {
    timeline(
      layers,
      {
        shadowed: options.shadowed === true,
        damage: (damage) => terminal.report(layerFailure(stack, damage)),
      },
      (entry) => {
        const layer = layerNumber(stack, entry.layer);
        form.lines({ entry, layer, label, isOneOfMany }, (key, line) => sorter.add(key, line));
      },
    );
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    terminal.report(error);
  } finally {
    layers.close();
  }
}

/** $TMPDIR, unless it lies in the store or a layer: there nothing is written. Throws Trouble. */
function temporaryDirectory(stacks: readonly LayerStack[], options: StoreOptions): string {
  const directory = realTemporaryDirectory();
  if (
    keptAround(
      directory,
      stacks.flatMap((stack) => keptOf(stack, options.root)),
    ) !== undefined
  ) {
    throw new Trouble(
      'usage',
      `Cannot use "${shownBytes(directory)}" for temporary files: it lies in the store; set TMPDIR`,
    );
  }
  return tmpdir();
}

function realTemporaryDirectory(): ByteString {
  try {
    return bytesOf(realpathSync.native(tmpdir(), 'buffer'));
  } catch (error) {
    throw cannotSort(tmpdir(), error);
  }
}

/** What is none of the system's errors is thrown on. */
function cannotSort(directory: string, error: unknown): Trouble {
  if (error instanceof Errno) throw error;
  const state = `${systemWords(error)}; set TMPDIR`;
  return new Trouble('usage', `Cannot sort in "${directory}": ${state}`, { cause: error });
}
