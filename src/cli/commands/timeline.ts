// `stratafs timeline`: every file of images and containers with its times, for mactime and the like.

import { realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import type { Command } from 'commander';
import { Layers } from '../../layers/layers.ts';
import type { Damage } from '../../layers/removal.ts';
import { LineSorter } from '../../layers/sort.ts';
import { SharedLayers } from '../../layers/store-timeline.ts';
import { timeline } from '../../layers/timeline.ts';
import type { RecordedLayer } from '../../overlay/recorded/recorded-layer.ts';
import { layerNumber } from '../../store/choice.ts';
import type { ChainId } from '../../store/digest.ts';
import { sourceName } from '../../store/source.ts';
import type { LayerStack } from '../../store/store.ts';
import { type ByteString, bytesOf, shownBytes } from '../../sys/bytes.ts';
import { Errno, systemWords, Trouble } from '../../sys/errors.ts';
import { keptAround } from '../../sys/kept.ts';
import { DiffProgress } from '../diff/progress.ts';
import { layerFailure } from '../failure.ts';
import { keptOf } from '../kept.ts';
import { metadataOption } from '../metadata-option.ts';
import { mustHaveLayers, reportMissing } from '../missing.ts';
import type { Terminal } from '../print/terminal.ts';
import {
  TIMELINE_FORMS,
  type TimelineForm,
  type TimelineSubject,
  usersLabel,
} from '../print/timeline-forms.ts';
import { changesOf, openDamagedStack, openTheStore, REFERENCE_WORDS, type StoreOptions } from '../stack.ts';

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
    ...images.map(({ id, tags }) => `image:${tags[0] ?? id}`),
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
  const collection = new Collection(form, options, sorter, terminal);
  try {
    if (options.all && !options.perImage) await collection.collectShared(stacks);
    else await collection.collectEach(stacks);
    collection.end();
    const lines = sorter.sorted();
    terminal.out.write(form.heading);
    for (const line of lines) terminal.out.write(`${line}\n`);
  } catch (error) {
    throw cannotSort(directory, error);
  } finally {
    collection.end();
    sorter.close();
  }
}

/** Lines of stacks for the sorter, with word of how far it is on a terminal. */
class Collection {
  readonly #form: TimelineForm;
  readonly #options: TimelineOptions;
  readonly #sorter: LineSorter;
  readonly #terminal: Terminal;
  readonly #progress: DiffProgress;
  #count = 0;

  constructor(form: TimelineForm, options: TimelineOptions, sorter: LineSorter, terminal: Terminal) {
    this.#form = form;
    this.#options = options;
    this.#sorter = sorter;
    this.#terminal = terminal;
    this.#progress = new DiffProgress(terminal);
  }

  /** Takes the line of progress away. */
  end(): void {
    this.#progress.end();
  }

  /** Each stack as its merged view has it. */
  async collectEach(stacks: readonly LayerStack[]): Promise<void> {
    const isOneOfMany = stacks.length > 1;
    await this.#eachOpen(stacks, (layers) => {
      const { label } = layers.stack;
      const told = { shadowed: this.#options.shadowed === true, damage: this.#damageOf(layers) };
      timeline(layers, told, (entry) => this.#add(layers, { entry, label, isOneOfMany }));
    });
  }

  /** Each layer once, whichever stacks it is in. */
  async collectShared(stacks: readonly LayerStack[]): Promise<void> {
    const shared = new SharedLayers();
    const removed: (() => void)[] = [];
    const usersOf = (layers: Layers, index: number) => {
      const users = shared.usersOf(layers, index);
      return { users, label: usersLabel(users), isOneOfMany: true };
    };
    await this.#eachOpen(stacks, (layers) => {
      // Who has the layer is known when all were seen.
      shared.add(layers, this.#damageOf(layers), (entry) =>
        removed.push(() => this.#add(layers, { entry, ...usersOf(layers, entry.layer) })),
      );
    });
    for (const tell of removed) tell();
    const seen = new Set<ByteString>();
    await this.#eachOpen(stacks, (layers) => {
      const told = { shadowed: this.#options.shadowed === true, damage: this.#damageOf(layers) };
      for (const [index, { source, missing }] of layers.stack.layers.entries()) {
        const name = sourceName(source);
        if (missing !== undefined || seen.has(name)) continue;
        seen.add(name);
        const users = usersOf(layers, index);
        shared.walk(layers, index, told, (entry) => this.#add(layers, { entry, ...users }));
      }
    });
  }

  async #eachOpen(stacks: readonly LayerStack[], use: (layers: Layers) => void): Promise<void> {
    const known = new Map<ChainId, RecordedLayer>();
    for (const stack of stacks) {
      // Images that share layers mostly stand side by side; the records of all would be too many.
      const chains = stack.layers.map(({ chainId }) => chainId);
      for (const chainId of known.keys()) if (!chains.includes(chainId)) known.delete(chainId);
      try {
        const layers = new Layers(stack, await changesOf(stack, this.#options, known));
        try {
          use(layers);
        } finally {
          layers.close();
        }
      } catch (error) {
        this.#report(error);
      }
    }
  }

  #add(layers: Layers, told: Omit<TimelineSubject, 'layer'>): void {
    this.#count += 1;
    this.#progress.show(told.entry.path, this.#count);
    const layer = layerNumber(layers.stack, told.entry.layer);
    this.#form.lines({ ...told, layer }, (key, line) => this.#sorter.add(key, line));
  }

  #damageOf({ stack }: Layers): (damage: Damage) => void {
    return (damage) => this.#report(layerFailure(stack, damage));
  }

  #report(error: unknown): void {
    this.#progress.clear();
    this.#terminal.report(error);
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
