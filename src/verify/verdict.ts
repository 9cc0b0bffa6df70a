// What a verification comes to, and who is told of it while it goes on.
import type { Claim, Claims, OwnLayer } from '../store/claims.ts';
import type { ChainId, DiffId } from '../store/digest.ts';
import type { Finding, Progress } from './finding.ts';
import type { LayerVerdict } from './layer.ts';

/** One layer of an image, or what stands for it, base first from 1; of a container's own without IDs. */
export interface LayerPlace {
  readonly number: number;
  readonly diffId?: DiffId;
  readonly chainId?: ChainId;
  /** Which of several places it lies in (`native`), where an image was unpacked more than once. */
  readonly place?: string;
  /** Of which platform, where the subject has several. */
  readonly platform?: string;
  /** Of a container's own. */
  readonly role?: OwnLayer['role'];
}

/** What a verification is about: `id` is absent for layers that no image has, and for the store itself. */
export type Subject = Pick<Claims, 'label' | 'names' | 'kind' | 'id' | 'platform'>;

/** Told of everything, in order. `layer` is absent for what concerns the subject as a whole. */
export interface VerifyLog extends Progress {
  begin(subject: Subject): void;
  finding(finding: Finding, layer: LayerPlace | undefined): void;
  /** After the findings on a layer. `first` is where it was verified before, as a layer of another image. */
  layer(layer: LayerPlace, verdict: LayerVerdict, first: FirstPlace | undefined): void;
  /** After the findings on a layer of a container's own. */
  own(layer: LayerPlace, verdict: Verdict): void;
  /** `proven` are names with digests whose own bytes lead to all that was verified. */
  end(verdict: Verdict, proven: readonly string[]): void;
}

export interface FirstPlace {
  readonly subject: Subject;
  readonly number: number;
  readonly platform?: string;
}

export type Verdict = LayerVerdict['verdict'];

/** What a claim comes to: nothing where it holds. */
export function judge(claim: Claim): Finding[] {
  if ('unreadable' in claim) {
    return [{ severity: 'unverifiable', class: claim.about, message: claim.unreadable }];
  }
  const { about, expected, found, message } = claim;
  return expected === found ? [] : [{ severity: 'tampered', class: about, expected, found, message }];
}

export function severityVerdict({ severity }: Finding): Verdict {
  return severity === 'tampered' || severity === 'unverifiable' ? severity : 'verified';
}

const ORDER: readonly Verdict[] = ['verified', 'unverifiable', 'tampered'];

export function worse(a: Verdict, b: Verdict): Verdict {
  return ORDER.indexOf(a) >= ORDER.indexOf(b) ? a : b;
}
