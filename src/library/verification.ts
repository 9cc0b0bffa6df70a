// Whether an image is what its IDs say, through the library: findings are told one by one as they are made.

import { storeOfReference } from '../open/stack.ts';
import { seesTrustedXattrs } from '../sys/privilege.ts';
import { jsonFinding } from '../told/finding.ts';
import { StoreVerifier } from '../verify/store.ts';
import { type Verdict, worse } from '../verify/verdict.ts';
import { checkArgument, checkOptions, type OptionForms } from './arguments.ts';
import { guardedAsync } from './errors.ts';
import { commandOptions, LOCATION_FORMS, type LocationOptions } from './options.ts';
import type { LayerResult, VerifyFinding } from './types.ts';

export interface VerificationOptions extends LocationOptions {
  /** Told each finding; what is `known` or a `note` proves nothing. */
  readonly onFinding?: (finding: VerifyFinding) => void;
  /** Told how many bytes more were read. */
  readonly onBytes?: (count: number) => void;
}

export interface VerificationResult {
  /** The worst of all that a reference means. */
  readonly verdict: 'verified' | 'tampered' | 'unverifiable';
  /** The lowest first. */
  readonly layers: readonly LayerResult[];
  /** `name@sha256:…` that the bytes prove, where all is verified and the store has manifests. */
  readonly repoDigests: readonly string[];
}

const VERIFICATION_FORMS: OptionForms<VerificationOptions> = {
  ...LOCATION_FORMS,
  ...{ onFinding: 'function', onBytes: 'function' },
};

/** Computes the hash of each layer of an image or a container, and compares all else with the store's records. Rejects with StratafsError. */
export function verification(
  reference: string,
  options: VerificationOptions = {},
): Promise<VerificationResult> {
  return guardedAsync(async () => {
    checkArgument('verify', 'reference', reference, 'string');
    checkOptions('verify', options, VERIFICATION_FORMS);
    const { onFinding, onBytes, ...location } = options;
    const { store, words } = await storeOfReference(
      reference,
      await commandOptions(location, 'verify', [reference]),
    );
    const layers: LayerResult[] = [];
    const repoDigests: string[] = [];
    const verifier = new StoreVerifier(
      {
        begin() {},
        bytes(count) {
          options.signal?.throwIfAborted();
          onBytes?.(count);
        },
        finding: (finding, layer) =>
          onFinding?.({
            ...(jsonFinding(finding) as VerifyFinding),
            ...(layer === undefined ? {} : { layer: layer.number }),
          }),
        layer: ({ number, diffId }, { verdict, sha256 }) =>
          layers.push({ layer: number, ...(diffId === undefined ? {} : { diffId }), verdict, sha256 }),
        own: ({ number }, verdict) => layers.push({ layer: number, verdict }),
        end(_, proven) {
          for (const name of proven) repoDigests.push(name);
        },
      },
      { seesTrusted: seesTrustedXattrs() },
    );
    let verdict: Verdict = 'verified';
    for (const claims of store.claims(words)) {
      options.signal?.throwIfAborted();
      verdict = worse(verdict, await verifier.verify(claims));
    }
    return { verdict, layers, repoDigests };
  });
}
