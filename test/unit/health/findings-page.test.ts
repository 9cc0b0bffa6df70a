// The page of findings (`native-notes/doctor.md`) says of each what the program says: kinds of stores, severity and meaning.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { FINDING_KINDS as CONTAINERD } from '../../../src/health/containerd/findings.ts';
import { FINDING_KINDS as DOCKER } from '../../../src/health/docker/findings.ts';
import type { FindingKind } from '../../../src/health/health.ts';
import { FINDING_KINDS as PODMAN } from '../../../src/health/podman/findings.ts';

const KINDS: Readonly<Record<string, Readonly<Record<string, FindingKind>>>> = {
  Docker: DOCKER,
  containerd: CONTAINERD,
  Podman: PODMAN,
};

it('the page of findings tells every code once for all kinds that mean the same by it', () => {
  const page = readFileSync(new URL('../../../native-notes/doctor.md', import.meta.url), 'utf8');
  const rows = page.split('\n').filter((line) => /^\| [a-z-]+ \| (?:Docker|containerd|Podman)/.test(line));
  const shown = rows.flatMap((line) => {
    const [code = '', kinds = '', severity, meaning] = line.slice(2).split(' | ');
    return kinds.split(', ').map((kind) => `${kind} ${code} ${severity} ${meaning}`);
  });
  const own = Object.entries(KINDS).flatMap(([kind, findings]) =>
    Object.entries(findings).map(([code, { severity, meaning }]) => `${kind} ${code} ${severity} ${meaning}`),
  );
  expect(shown.sort()).toEqual(own.sort());
});
