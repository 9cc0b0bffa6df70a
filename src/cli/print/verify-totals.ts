// What a whole run of `stratafs verify` comes to: how much was verified, how the contents are apart from all else, and
// whether what differs is no more than what a copy loses.
import { type Finding, type FindingClass, type Losable, lossOf } from '../../verify/finding.ts';
import type { LayerVerdict } from '../../verify/layer.ts';
import type { Subject, Verdict } from '../../verify/verdict.ts';
import { counted } from './count.ts';

export type Sha256 = LayerVerdict['sha256'];

const KINDS: readonly (readonly [kind: Subject['kind'], one: string])[] = [
  ['image', 'image'],
  ['container', 'container'],
];
const VERDICTS: readonly Verdict[] = ['verified', 'tampered', 'unverifiable'];
/** What is told of a file beside its contents, its name and its type. */
const METADATA: readonly FindingClass[] = ['whiteout', 'mode', 'owner', 'link', 'device', 'xattr', 'mtime'];

export class VerifyTotals {
  readonly #subjects = new Map<Subject['kind'], number>();
  readonly #layers = new Map<Verdict, number>();
  readonly #sha256 = new Map<Sha256, number>();
  readonly #tampered = new Map<FindingClass, number>();
  readonly #unverifiable = new Map<FindingClass, number>();
  readonly #lost = new Set<Losable>();
  readonly #kept = new Set<Losable>();
  #own = 0;
  /** Whether something differs that no copy loses. */
  #isChanged = false;

  /** Whether nothing was looked at. */
  get isEmpty(): boolean {
    return this.#subjects.size === 0;
  }

  subject({ kind }: Subject): void {
    add(this.#subjects, kind);
  }

  finding(finding: Finding): void {
    const { severity, class: kind } = finding;
    if (severity === 'unverifiable') add(this.#unverifiable, kind);
    if (severity !== 'tampered') return;
    add(this.#tampered, kind);
    const lost = lossOf(finding);
    if (lost === undefined) this.#isChanged = true;
    else this.#lost.add(lost);
  }

  /** Of a layer that was verified for the first time. */
  layer({ verdict, sha256, kept }: LayerVerdict): void {
    add(this.#layers, verdict);
    add(this.#sha256, sha256);
    for (const kind of kept) this.#kept.add(kind);
  }

  own(): void {
    this.#own += 1;
  }

  /** What a copy has lost altogether, where all that was found is such a loss. */
  lostByCopy(): readonly Losable[] {
    const isCopy = !this.#isChanged && ![...this.#lost].some((kind) => this.#kept.has(kind));
    return isCopy ? [...this.#lost].sort() : [];
  }

  /** Whether the contents of all layers are proven. */
  get areContentsRight(): boolean {
    return this.#sha256.has('right') && this.#sha256.size === 1;
  }

  toJson(): object {
    return {
      ...Object.fromEntries(KINDS.map(([kind, one]) => [`${one}s`, this.#subjects.get(kind) ?? 0])),
      layers: Object.fromEntries(VERDICTS.map((verdict) => [verdict, this.#layers.get(verdict) ?? 0])),
      ownLayers: this.#own,
      sha256: Object.fromEntries(this.#sha256),
      tampered: Object.fromEntries(this.#tampered),
      unverifiable: Object.fromEntries(this.#unverifiable),
    };
  }

  toString(): string {
    const subjects = KINDS.flatMap(([kind, one]) => {
      const count = this.#subjects.get(kind) ?? 0;
      return count === 0 ? [] : [counted(count, one)];
    });
    const layers = VERDICTS.flatMap((verdict) => {
      const count = this.#layers.get(verdict) ?? 0;
      return count === 0 ? [] : [`${count} ${verdict}`];
    });
    const all = [...this.#layers.values()].reduce((sum, count) => sum + count, 0);
    return [
      [...subjects, `${counted(all, 'layer')}${layers.length === 0 ? '' : ` (${layers.join(', ')})`}`].join(
        ', ',
      ),
      ...(this.#own === 0 ? [] : [`${counted(this.#own, 'own layer')} of containers without a record`]),
      ...(this.#tampered.size === 0 ? [] : [describeContents(this.#sha256), describeCounts(this.#tampered)]),
    ].join('; ');
  }
}

function add<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function describeContents(sha256: ReadonlyMap<Sha256, number>): string {
  const [only, ...others] = [...sha256.keys()];
  if (only === undefined) return 'contents were not read';
  if (others.length === 0) return contentsWords(only);
  return `contents: sha256 ${[...sha256].map(([state, count]) => `${state} of ${count}`).join(', ')}`;
}

/** Of one layer, or of all where it is the same for all. */
export function contentsWords(sha256: Sha256): string {
  return sha256 === 'not made' ? 'contents: no sha256 could be made' : `contents: sha256 ${sha256}`;
}

/** Findings by class, those on metadata apart. */
export function describeCounts(counts: ReadonlyMap<FindingClass, number>): string {
  const words = (isMeta: boolean) =>
    [...counts]
      .filter(([kind]) => METADATA.includes(kind) === isMeta)
      .map(([kind, count]) => `${count} ${kind}`)
      .join(', ');
  const [metadata, others] = [words(true), words(false)];
  return [
    ...(metadata === '' ? [] : [`metadata: ${metadata}`]),
    ...(others === '' ? [] : [`others: ${others}`]),
  ].join('; ');
}
