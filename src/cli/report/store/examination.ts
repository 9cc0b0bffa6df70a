// A root examined for a report: everything that the commands about stores tell, one part after the other, with word of what was
// done of it and what was not. Each part is written as lines for programs, too, where these are kept.
import { setImmediate } from 'node:timers/promises';
import type { DiskUsage, PlaceUsage } from '../../../health/disk-usage.ts';
import type { HealthFinding } from '../../../health/health.ts';
import { changesOf, type Records, recordsOf, type StoreOptions } from '../../../open/stack.ts';
import { Errno, Trouble } from '../../../sys/errors.ts';
import { healthEnd, healthLine, healthStart } from '../../examine/health-lines.ts';
import { usageLines } from '../../examine/usage-sums.ts';
import { EXIT, EXIT_OF_VERDICT } from '../../exit.ts';
import type { Interruption } from '../../interruption.ts';
import { counted } from '../../print/count.ts';
import { walkLayers } from '../../survey.ts';
import type { Witness } from '../witness.ts';
import { Days } from './days.ts';
import { Deletions } from './deletions.ts';
import { type DonePart, impossible } from './done.ts';
import { countMissing, type RootLayer, rootLayers } from './layers.ts';
import { deletionLine, jsonLine, layerLine, listLines, volumeLine } from './lines.ts';
import { Manifests } from './manifests.ts';
import type { OpenedRoot } from './opened-root.ts';
import type { Parts } from './parts.ts';
import { StageProgress } from './progress.ts';
import { endStream, openStream, type StreamName, writeStream } from './streams.ts';
import { type FailedStack, type ListedStack, storeOptionsOf } from './subjects.ts';
import { writeTimeline } from './timeline-part.ts';
import { Verification } from './verification.ts';
import { type VolumeUse, volumeUses } from './volumes.ts';

export interface StoreFinding {
  /** Name of the store. */
  readonly store: string;
  readonly finding: HealthFinding;
}

export interface ExaminationOptions {
  readonly store: StoreOptions;
  readonly verifies: boolean;
  readonly parts: Parts;
  readonly witness: Witness;
  readonly interruption: Interruption;
}

/** Findings and differences that are held for the page. The parts have all. */
const MOST_HELD = 100_000;

export class Examination {
  readonly opened: OpenedRoot;
  readonly done: DonePart[] = [];
  places: readonly PlaceUsage[] = [];
  layers: readonly RootLayer[] = [];
  volumes: readonly VolumeUse[] = [];
  readonly findings: StoreFinding[] = [];
  findingsLeftOut = 0;
  readonly deletions: Deletions;
  readonly days = new Days();
  /** Absent where it was not asked for. */
  verification: Verification | undefined;
  readonly #options: ExaminationOptions;
  readonly #progress: StageProgress;
  /** How much was told by the end of the part before; what opening the root told belongs to the first. */
  #told = 0;
  /** Exit codes of the first trouble while the root was opened, and in parts that others draw on. */
  readonly #openingExit: number;
  #sizesExit = 0;
  #verificationExit = 0;

  constructor(opened: OpenedRoot, options: ExaminationOptions) {
    this.opened = opened;
    this.deletions = new Deletions(options.witness);
    this.#options = options;
    this.#openingExit = options.witness.exitCode;
    this.#progress = new StageProgress(options.witness);
  }

  /** Throws `Interrupted` where a signal came, and Trouble where a part cannot be written. */
  async run(): Promise<void> {
    try {
      await this.#lists();
      await this.#usage();
      await this.#health();
      await this.#deletions();
      await this.#timeline();
      await this.#verification();
      await this.#manifests();
      this.#layerLines();
    } finally {
      this.#progress.clear();
    }
  }

  /** What the images and containers are, and whether their layers are known. */
  async #lists(): Promise<void> {
    const { lists, stacks } = this.opened;
    await this.#part('Images and containers', async () => {
      for (const of of ['images', 'containers'] as const)
        this.#write(of, listLines(lists, of), ...lists.map(({ exits }) => exits[of]));
      const count = (of: 'images' | 'containers') => lists.reduce((sum, list) => sum + list[of].length, 0);
      return `${counted(count('images'), 'image')} and ${counted(count('containers'), 'container')} listed; the layers of ${stacks.length} of them are known`;
    });
  }

  async #usage(): Promise<void> {
    const { usage, owners, stacks } = this.opened;
    if (usage instanceof Trouble) {
      this.done.push(impossible('Sizes on disk', usage));
      this.layers = rootLayers(stacks, []);
      return;
    }
    this.#sizesExit = await this.#part('Sizes on disk', async () => {
      this.places = await this.#placesOf(usage);
      for (const error of usage.damage) this.#options.witness.report(error);
      this.#write('usage', [usageLines(usage, this.places)], this.#options.witness.partExitCode);
      return `every object below ${counted(usage.survey.layers.length, 'directory', 'directories')} was looked at, none opened`;
    });
    this.layers = rootLayers(stacks, this.places);
    this.volumes = volumeUses(this.places, owners);
    this.#write('volumes', this.volumes.map(volumeLine), this.#openingExit, this.#sizesExit);
    this.done.push({
      part: 'Volumes',
      state: this.volumes.length === 0 ? 'done' : 'in part',
      words: `${counted(this.volumes.length, 'volume')} listed with sizes and users; nothing in them was read`,
    });
  }

  async #placesOf(usage: DiskUsage): Promise<readonly PlaceUsage[]> {
    try {
      await walkLayers(usage.survey, this.#options.witness);
      return usage.places();
    } finally {
      usage.survey.close();
    }
  }

  async #health(): Promise<void> {
    const { healths } = this.opened;
    if (healths instanceof Trouble) {
      this.done.push(impossible('Health', healths));
      return;
    }
    await this.#part('Health', async () => {
      const { directory } = this.opened.root;
      const lines = openStream('health', this.#options, { root: directory });
      const { out } = lines;
      const counts = { error: 0, warning: 0, note: 0 };
      const stores = healths.map(({ store }) => store);
      for (const health of healths) {
        const { store } = health;
        out.write(jsonLine(healthStart(store)));
        this.#progress.begin(`health of ${store.description}`, 0);
        const tell = (finding: HealthFinding) => {
          counts[finding.severity] += 1;
          out.write(jsonLine(healthLine(finding)));
          if (this.findings.length < MOST_HELD) this.findings.push({ store: store.name, finding });
          else this.findingsLeftOut += 1;
        };
        await health.examine(tell, stores, (path) => this.#progress.step(path));
        this.#progress.clear();
        await this.#turn();
      }
      out.write(jsonLine(healthEnd(counts)));
      endStream(lines, counts.error + counts.warning > 0 ? EXIT.found : EXIT.success);
      return `all records of ${counted(healths.length, 'store')} were held against each other and the disk, as "doctor" does`;
    });
  }

  async #deletions(): Promise<void> {
    await this.#layerPart('Deleted things', async () => {
      await this.#eachStack('deleted things', changesOf, (listed, recorded) =>
        this.deletions.add(listed, recorded),
      );
      this.#writeOwn('deleted', this.deletions.all.map(deletionLine));
      return `${counted(this.deletions.all.length, 'thing')} that newer layers took away; older versions of what is still there are not listed ("deleted --shadowed" does)`;
    });
  }

  async #timeline(): Promise<void> {
    await this.#layerPart('Timeline', async () => {
      const { store, parts, witness } = this.#options;
      const between = () => this.#turn();
      await writeTimeline(this.opened, { store, parts, witness, days: this.days, between });
      const events = this.days.all.reduce((sum, day) => sum + day.events, 0);
      return `${counted(events, 'event')} of all layers, each once; times of access, change and birth are those of this disk`;
    });
  }

  async #verification(): Promise<void> {
    const { verifies, store } = this.#options;
    if (!verifies) {
      this.done.push({
        part: 'Verification',
        state: 'not done',
        words: 'not asked for (--verify): nothing here is proven',
      });
      return;
    }
    this.#verificationExit = await this.#part('Verification', async () => {
      const lines = openStream('verify', this.#options);
      const verification = new Verification(lines, store, MOST_HELD);
      this.verification = verification;
      try {
        const verdict = await verification.run(this.opened.stores, () => this.#turn());
        endStream(lines, EXIT_OF_VERDICT[verdict]);
      } finally {
        verification.clear();
      }
      return `${verification.totals}. Nothing records what containers changed, so that their own layers cannot be verified`;
    });
  }

  async #manifests(): Promise<void> {
    const { parts, verifies, witness } = this.#options;
    if (!parts.isKept) {
      this.done.push({ part: 'Manifests', state: 'not done', words: 'not asked for (--out)' });
      return;
    }
    await this.#part('Manifests', async () => {
      const manifests = new Manifests(parts, verifies, this.opened.stacks, witness);
      const failed = await this.#eachStack('manifests', recordsOf, (listed, recorded) =>
        manifests.write(listed, recorded),
      );
      this.#writeOwn('manifests', manifests.lines(failed));
      return manifests.words(failed);
    });
  }

  #layerLines(): void {
    const verdicts = this.verification?.verdicts();
    const lines = this.layers.map((use) => layerLine(use, verdicts?.ofLayer(use)));
    this.#write('layers', lines, this.#openingExit, this.#sizesExit, this.#verificationExit);
  }

  /** What cannot be read of one is told, and the others follow. Answers which failed. */
  async #eachStack(
    stage: string,
    records: typeof recordsOf,
    use: (listed: ListedStack, recorded: Records | undefined) => void,
  ): Promise<FailedStack[]> {
    const failed: FailedStack[] = [];
    const { store, witness } = this.#options;
    this.#progress.begin(stage, this.opened.stacks.length);
    for (const listed of this.opened.stacks) {
      this.#progress.step(listed.stack.label);
      try {
        use(listed, await records(listed.stack, storeOptionsOf(listed, store)));
      } catch (error) {
        if (!isExpected(error)) throw error;
        this.#progress.clear();
        witness.report(error);
        failed.push([listed, error]);
      }
      await this.#turn();
    }
    this.#progress.clear();
    return failed;
  }

  /** A part that tells what is in the layers: it cannot tell all where some are missing. */
  #layerPart(part: string, act: () => Promise<string>): Promise<number> {
    const missing = countMissing(this.opened.stacks);
    return this.#part(part, act, missing === 0 ? [] : [`${counted(missing, 'layer')} missing, passed over`]);
  }

  /**
   * Its words are those of `act`; where something was told meanwhile, not all could be done, and not for the `reasons` either.
   * Answers the exit code of the first trouble.
   */
  async #part(part: string, act: () => Promise<string>, reasons: readonly string[] = []): Promise<number> {
    const { witness } = this.#options;
    witness.beginPart();
    const before = this.#told;
    try {
      const words = await act();
      this.#told = witness.count;
      const untold = this.#told - before;
      const all = [...reasons, ...(untold === 0 ? [] : [`${untold} faults or remarks`])];
      this.done.push({
        part,
        state: all.length === 0 ? 'done' : 'in part',
        words: [words, ...all].join('; '),
      });
    } catch (error) {
      if (!isExpected(error)) throw error;
      witness.report(error);
      this.done.push(impossible(part, error));
    }
    await this.#turn();
    return witness.partExitCode;
  }

  /** It ends with the first of the exit codes that is one of trouble. */
  #write(name: StreamName, all: readonly string[], ...exits: readonly number[]): void {
    writeStream(name, all, exits.find((exit) => exit !== 0) ?? 0, this.#options);
  }

  /** What is told of each image and container lacks those that could not be opened. */
  #writeOwn(name: StreamName, all: readonly string[]): void {
    this.#write(name, all, this.#openingExit, this.#options.witness.partExitCode);
  }

  /** Where a signal is heard. */
  async #turn(): Promise<void> {
    await setImmediate();
    this.#options.interruption.check();
  }
}

function isExpected(error: unknown): error is Trouble | Errno {
  return error instanceof Errno || (error instanceof Trouble && error.kind !== 'usage');
}
