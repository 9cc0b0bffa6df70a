// The steps that both builders record, as the instructions they came from.
import { describe, expect, it } from 'vitest';
import { DockerfileReader, foldInstruction } from '../../../src/layers/dockerfile.ts';

const HASH = `file:${'ab'.repeat(32)}`;

const STEPS: readonly (readonly [rule: string, createdBy: string, expected: string])[] = [
  ['classic RUN', '/bin/sh -c apt-get update', 'RUN apt-get update'],
  ['classic without a layer', '/bin/sh -c #(nop)  ENV A=b c', 'ENV A=b c'],
  [
    'classic words',
    '/bin/sh -c #(nop)  CMD ["/bin/sh" "-c" "echo \\"a b\\""]',
    'CMD ["/bin/sh", "-c", "echo \\"a b\\""]',
  ],
  ['classic ADD', `/bin/sh -c #(nop) ADD ${HASH} in / `, `ADD ${HASH} /`],
  ['BuildKit RUN', 'RUN /bin/sh -c make install # buildkit', 'RUN make install'],
  ['BuildKit COPY', 'COPY /a /b # buildkit', 'COPY /a /b'],
  ['BuildKit words', 'CMD ["nginx" "-g" "daemon off;"]', 'CMD ["nginx", "-g", "daemon off;"]'],
  ['build arguments', '|2 A=1 B=2 /bin/sh -c echo $A', '# with A=1 B=2\nRUN echo $A'],
  ['BuildKit with build arguments', 'RUN |1 A=1 /bin/sh -c echo $A # buildkit', '# with A=1\nRUN echo $A'],
  ['arguments that hold spaces', '|1 A=1 2 x /bin/sh -c echo', '#made by: |1 A=1 2 x /bin/sh -c echo'],
  ['a commit', 'bash', '#made by: bash'],
  ['nothing', '', '#Imported from -'],
];

describe('DockerfileReader', () => {
  it.each(STEPS)('understands %s', (_, createdBy, expected) => {
    const { kind, text } = new DockerfileReader().step(createdBy, 'Imported from -');
    expect(`${kind === 'comment' ? '#' : ''}${text}`).toBe(expected);
  });

  it('strips the shell that SHELL named last', () => {
    const reader = new DockerfileReader();
    expect(reader.step('SHELL [/bin/bash -o pipefail -c]', undefined).text).toBe(
      'SHELL ["/bin/bash","-o","pipefail","-c"]',
    );
    expect(reader.step('RUN /bin/bash -o pipefail -c a | b # buildkit', undefined).text).toBe('RUN a | b');
  });
});

describe('foldInstruction()', () => {
  it('breaks where lines were continued, so that joining gives the same text', () => {
    const text = 'RUN a &&     b  c \t&& d';
    const folded = foldInstruction(text);
    expect(folded).toBe('RUN a && \\\n    b  c \\\n\t&& d');
    expect(folded.replaceAll('\\\n', '')).toBe(text);
  });
});
