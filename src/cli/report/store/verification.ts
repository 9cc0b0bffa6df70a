// What a verification of a root comes to: the verdict on each layer and on each image and container, and what differs. The
// lines of `verify --json` are written meanwhile.

import { semanticsOf } from '../../../open/overlay-words.ts';
import type { StoreOptions } from '../../../open/stack.ts';
import type { Store } from '../../../store/store.ts';
import { seesTrustedXattrs } from '../../../sys/privilege.ts';
import type { Finding, FindingClass } from '../../../verify/finding.ts';
import { StoreVerifier } from '../../../verify/store.ts';
import {
  type LayerPlace,
  type Subject,
  type Verdict,
  type VerifyLog,
  worse,
} from '../../../verify/verdict.ts';
import type { Terminal } from '../../print/terminal.ts';
import { VerifyPrinter } from '../../print/verify-printer.ts';
import type { Sha256 } from '../../print/verify-totals.ts';
import type { RootLayer } from './layers.ts';

export interface VerifiedLayer extends LayerPlace {
  readonly store: string;
  /** Of what it is a layer where it was first met. */
  readonly label: string;
  readonly id?: string;
  readonly verdict: Verdict;
  readonly entries: number;
  readonly bytes: number;
  /** Absent of a container's own: nothing records it. */
  readonly sha256?: Sha256;
  /** What differs, by class. */
  readonly counts: ReadonlyMap<FindingClass, number>;
}

export interface VerifiedSubject extends Subject {
  readonly store: string;
  readonly verdict: Verdict;
}

export interface Difference {
  readonly label: string;
  readonly layer?: number;
  readonly finding: Finding;
}

export class Verification {
  readonly layers: VerifiedLayer[] = [];
  readonly subjects: VerifiedSubject[] = [];
  /** What is tampered or unverifiable; no more than `most`. */
  readonly differences: Difference[] = [];
  differencesLeftOut = 0;
  readonly #most: number;
  readonly #printer: VerifyPrinter;
  readonly #verifier: StoreVerifier;
  #store = '';
  #subject: Subject = { label: '', kind: 'store' };
  #counts = new Map<FindingClass, number>();

  /** `terminal` gets the lines. */
  constructor(terminal: Terminal, options: StoreOptions, most: number) {
    this.#most = most;
    this.#printer = new VerifyPrinter(terminal, { json: true });
    const { dialect } = semanticsOf(options.overlay ?? []);
    const seesTrusted = seesTrustedXattrs();
    this.#verifier = new StoreVerifier(this.#log(), {
      seesTrusted,
      ...(dialect === undefined ? {} : { dialect }),
    });
  }

  /** `between` is waited for after each image, container or group of layers. Answers the worst verdict, containers' own layers included. */
  async run(stores: readonly Store[], between: () => Promise<void>): Promise<Verdict> {
    let verdict: Verdict = 'verified';
    for (const store of stores) {
      this.#store = store.name;
      for (const claims of store.claims()) {
        verdict = worse(verdict, await this.#verifier.verify(claims));
        await between();
      }
    }
    this.#printer.finish();
    return verdict;
  }

  clear(): void {
    this.#printer.clear();
  }

  /** To be asked for the verdict on one thing. */
  verdicts(): Verdicts {
    return new Verdicts(this);
  }

  /** What all that is recorded comes to: containers' own layers, of which there is no record, do not count. */
  get verdict(): Verdict {
    const verdicts = [
      ...this.layers.flatMap(({ role, verdict }) => (role === undefined ? [verdict] : [])),
      ...this.subjects.flatMap(({ kind, verdict }) =>
        kind === 'container' && verdict === 'unverifiable' ? [] : [verdict],
      ),
    ];
    return verdicts.reduce(worse, 'verified');
  }

  /** How many containers have layers of their own that nothing records, so that these can be no more than unverifiable. */
  get unprovenContainers(): number {
    return this.subjects.filter(({ kind, verdict }) => kind === 'container' && verdict === 'unverifiable')
      .length;
  }

  get totals(): string {
    return String(this.#printer.totals);
  }

  #log(): VerifyLog {
    const { log } = this.#printer;
    return {
      begin: (subject) => {
        this.#subject = subject;
        this.#counts = new Map();
        log.begin(subject);
      },
      bytes: (count) => log.bytes(count),
      finding: (finding, layer) => {
        this.#finding(finding, layer);
        log.finding(finding, layer);
      },
      layer: (layer, verdict, first) => {
        if (first === undefined) {
          const { entries, bytes, sha256 } = verdict;
          this.#add(layer, verdict.verdict, { entries, bytes, sha256 });
        }
        log.layer(layer, verdict, first);
      },
      own: (layer, verdict) => {
        this.#add(layer, verdict, { entries: 0, bytes: 0 });
        log.own(layer, verdict);
      },
      end: (verdict, proven) => {
        this.subjects.push({ ...this.#subject, store: this.#store, verdict });
        log.end(verdict, proven);
      },
    };
  }

  #finding(finding: Finding, layer: LayerPlace | undefined): void {
    const { severity, class: kind } = finding;
    if (severity !== 'tampered' && severity !== 'unverifiable') return;
    if (layer !== undefined) this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1);
    if (this.differences.length >= this.#most) this.differencesLeftOut += 1;
    else {
      const { label } = this.#subject;
      this.differences.push({ label, ...(layer === undefined ? {} : { layer: layer.number }), finding });
    }
  }

  #add(layer: LayerPlace, verdict: Verdict, told: Pick<VerifiedLayer, 'entries' | 'bytes' | 'sha256'>): void {
    const { label, id } = this.#subject;
    const of = { store: this.#store, label, ...(id === undefined ? {} : { id }) };
    this.layers.push({ ...layer, ...told, ...of, verdict, counts: this.#counts });
    this.#counts = new Map();
  }
}

/** The worst verdict on each layer, image and container. */
export class Verdicts {
  readonly #worst = new Map<string, Verdict>();

  constructor({ layers, subjects }: Verification) {
    for (const { store, id, number, chainId, verdict } of layers)
      this.#add(chainId === undefined ? ownKey(store, id, number) : `${store} ${chainId}`, verdict);
    for (const { store, kind, id, verdict } of subjects) this.#add(subjectKey(store, kind, id), verdict);
  }

  #add(key: string, verdict: Verdict): void {
    this.#worst.set(key, worse(this.#worst.get(key) ?? 'verified', verdict));
  }

  /** Undefined where the verification did not come to it. */
  ofLayer({ store = '', layer, users }: RootLayer): Verdict | undefined {
    if (layer?.chainId !== undefined) return this.#worst.get(`${store} ${layer.chainId}`);
    const [user] = users;
    if (layer === undefined || user === undefined) return undefined;
    const told = this.#worst.get(ownKey(store, user.id, user.layer));
    // Nothing records what is in a layer of a container's own.
    return told ?? (layer.role === 'image' ? undefined : 'unverifiable');
  }

  ofSubject(store: string, kind: Subject['kind'], id: string): Verdict | undefined {
    return this.#worst.get(subjectKey(store, kind, id));
  }
}

function ownKey(store: string, id: string | undefined, number: number): string {
  return `${store} ${bareId(id ?? '')} ${number}`;
}

function subjectKey(store: string, kind: Subject['kind'], id: string | undefined): string {
  return `${store} ${kind} ${bareId(id ?? '')}`;
}

function bareId(id: string): string {
  return id.replace(/^sha256:/, '');
}
