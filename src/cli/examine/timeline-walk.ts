// Every object of images and containers with its times, each stack by itself or each layer once: what `timeline` and reports
// tell, whatever form they give it.
import { Layers } from '../../layers/layers.ts';
import type { Damage } from '../../layers/removal.ts';
import { SharedLayers } from '../../layers/store-timeline.ts';
import { timeline } from '../../layers/timeline.ts';
import type { Records } from '../../open/stack.ts';
import type { RecordedLayer } from '../../overlay/recorded/recorded-layer.ts';
import type { ChainId } from '../../store/digest.ts';
import type { LayerStack } from '../../store/layer-stack.ts';
import { layerNumber } from '../../store/reference/choice.ts';
import { sourceName } from '../../store/source.ts';
import type { ByteString } from '../../sys/bytes.ts';
import { DiffProgress } from '../diff/progress.ts';
import { layerFailure } from '../failure.ts';
import type { Terminal } from '../print/terminal.ts';
import { type TimelineSubject, usersLabel } from '../print/timeline-forms.ts';

export interface TimelineWalkOptions {
  /** Older versions of what is still there, too. */
  readonly shadowed: boolean;
  readonly recordsOf: (stack: LayerStack, known: Map<ChainId, RecordedLayer>) => Promise<Records | undefined>;
  /** Waited for after each stack. */
  readonly between?: () => Promise<void>;
}

/** With word of how far it is on a terminal. What cannot be read is reported. */
export class TimelineWalk {
  readonly #options: TimelineWalkOptions;
  readonly #add: (told: TimelineSubject) => void;
  readonly #terminal: Terminal;
  readonly #progress: DiffProgress;
  #count = 0;

  /** `add` is told of every object, in no order. */
  constructor(options: TimelineWalkOptions, add: (told: TimelineSubject) => void, terminal: Terminal) {
    this.#options = options;
    this.#add = add;
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
      const told = { shadowed: this.#options.shadowed, damage: this.#damageOf(layers) };
      timeline(layers, told, (entry) => this.#tell(layers, { entry, label, isOneOfMany }));
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
    const opened = await this.#eachOpen(stacks, (layers) => {
      // Who has the layer is known when all were seen.
      shared.add(layers, this.#damageOf(layers), (entry) =>
        removed.push(() => this.#tell(layers, { entry, ...usersOf(layers, entry.layer) })),
      );
    });
    for (const tell of removed) tell();
    const seen = new Set<ByteString>();
    // What could not be opened was told once.
    await this.#eachOpen(opened, (layers) => {
      const told = { shadowed: this.#options.shadowed, damage: this.#damageOf(layers) };
      for (const [index, { source, missing }] of layers.stack.layers.entries()) {
        const name = sourceName(source);
        if (missing !== undefined || seen.has(name)) continue;
        seen.add(name);
        const users = usersOf(layers, index);
        shared.walk(layers, index, told, (entry) => this.#tell(layers, { entry, ...users }));
      }
    });
  }

  /** Answers those that could be opened. */
  async #eachOpen(stacks: readonly LayerStack[], use: (layers: Layers) => void): Promise<LayerStack[]> {
    const opened: LayerStack[] = [];
    const known = new Map<ChainId, RecordedLayer>();
    for (const stack of stacks) {
      // Images that share layers mostly stand side by side; the records of all would be too many.
      const chains = stack.layers.map(({ chainId }) => chainId);
      for (const chainId of known.keys()) if (!chains.includes(chainId)) known.delete(chainId);
      try {
        const layers = new Layers(stack, await this.#options.recordsOf(stack, known));
        try {
          use(layers);
        } finally {
          layers.close();
        }
        opened.push(stack);
      } catch (error) {
        this.#report(error);
      }
      await this.#options.between?.();
    }
    return opened;
  }

  #tell(layers: Layers, told: Omit<TimelineSubject, 'layer'>): void {
    this.#count += 1;
    this.#progress.show(told.entry.path, this.#count);
    const layer = layerNumber(layers.stack, told.entry.layer);
    this.#add({ ...told, layer });
  }

  #damageOf({ stack }: Layers): (damage: Damage) => void {
    return (damage) => this.#report(layerFailure(stack, damage));
  }

  #report(error: unknown): void {
    this.#progress.clear();
    this.#terminal.report(error);
  }
}
