// The steps that both builders record, as the instructions they came from.
import { describe, expect, it } from 'vitest';
import {
  DockerfileReader,
  dockerfileLines,
  foldInstruction,
} from '../../../src/layers/dockerfile/dockerfile.ts';

const HASH = `file:${'ab'.repeat(32)}`;

const STEPS: readonly (readonly [rule: string, createdBy: string, expected: string])[] = [
  ['classic RUN', '/bin/sh -c apt-get update', 'RUN apt-get update'],
  ['classic without a layer', '/bin/sh -c #(nop)  ENV A=b c', 'ENV A="b c"'],
  [
    'classic words',
    '/bin/sh -c #(nop)  CMD ["/bin/sh" "-c" "echo \\"a b\\""]',
    'CMD ["/bin/sh", "-c", "echo \\"a b\\""]',
  ],
  ['classic ADD', `/bin/sh -c #(nop) ADD ${HASH} in / `, `ADD ${HASH} /`],
  ['BuildKit RUN', 'RUN /bin/sh -c make install # buildkit', 'RUN make install'],
  ['BuildKit COPY', 'COPY /a /b # buildkit', 'COPY /a /b'],
  ['BuildKit words', 'CMD ["nginx" "-g" "daemon off;"]', 'CMD ["nginx", "-g", "daemon off;"]'],
  [
    'words with escapes of Go',
    'CMD ["a\\x07\\u00e9\\U0010ffff" "\\\\"]',
    'CMD ["a\\u0007é\u{10ffff}", "\\\\"]',
  ],
  ['words without quotes', '/bin/sh -c #(nop) CMD [/bin/bash -l]', 'CMD ["/bin/bash", "-l"]'],
  ['build arguments', '|2 A=1 B=2 /bin/sh -c echo $A', '# with A=1 B=2\nRUN echo $A'],
  ['BuildKit with build arguments', 'RUN |1 A=1 /bin/sh -c echo $A # buildkit', '# with A=1\nRUN echo $A'],
  ['arguments of several lines', '|1 A=1\nUSER\t0 /bin/sh -c echo', '# with A=1 USER\t0\nRUN echo'],
  ['arguments that hold spaces', '|1 A=1 2 x /bin/sh -c echo', '# made by: |1 A=1 2 x /bin/sh -c echo'],
  ['a commit', 'bash', '# made by: bash'],
  ['a commit of several lines', 'bash -c\nUSER root', '# made by: bash -c\n# USER root'],
  ['nothing', '', '# Imported from -'],
  ['a command that has the mark in it', "/bin/sh -c echo ' #(nop) USER x'", "RUN echo ' #(nop) USER x'"],
  ['a shell that nobody named before', 'bash -c #(nop)  USER x', 'USER x'],
  ['a heredoc', 'RUN /bin/sh -c echo a\nEOF\n # buildkit', 'RUN <<EOF_\necho a\nEOF\nEOF_'],
  ['a command that ends in a backslash', '/bin/sh -c echo \\', 'RUN <<EOF\necho \\\nEOF'],
  ['a value of several lines', 'ENV A=b\nUSER x', '# made by: ENV A=b\n# USER x'],
  ['values with quotes', 'LABEL a={"b":"$c d"} e=f', 'LABEL a="{\\"b\\":\\"\\$c d\\"}" e=f'],
  ['ports', 'EXPOSE map[443/tcp:{} 80/tcp:{}]', 'EXPOSE 443/tcp 80/tcp'],
  ['volumes', '/bin/sh -c #(nop)  VOLUME [/a /b]', 'VOLUME ["/a","/b"]'],
  ['volumes of old', '/bin/sh -c #(nop)  VOLUME map[/data:{}]', 'VOLUME ["/data"]'],
  [
    'a health check',
    'HEALTHCHECK &{["CMD-SHELL" "curl -f http://x || exit 1"] "30s" "3s" "0s" "5s" \'\\x03\'}',
    'HEALTHCHECK --interval=30s --timeout=3s --start-interval=5s --retries=3 CMD curl -f http://x || exit 1',
  ],
  [
    'a health check by words',
    'HEALTHCHECK &{["CMD" "a" "b"] "0s" "0s" "0s" \'\\x00\'}',
    'HEALTHCHECK CMD ["a","b"]',
  ],
  ['no health check', 'HEALTHCHECK &{["NONE"] "0s" "0s" "0s" \'\\x00\'}', 'HEALTHCHECK NONE'],
  ['a health check cut short', 'HEALTHCHECK &{["CMD" "a', '# made by: HEALTHCHECK &{["CMD" "a'],
];

describe('DockerfileReader', () => {
  it.each(STEPS)('understands %s', (_, createdBy, expected) => {
    const instruction = new DockerfileReader().step(createdBy, 'Imported from -');
    expect(dockerfileLines(instruction).join('\n')).toBe(expected);
  });

  it('strips the shell that SHELL named last', () => {
    const reader = new DockerfileReader();
    expect(reader.step('SHELL [/bin/bash -o pipefail -c]', undefined).text).toBe(
      'SHELL ["/bin/bash","-o","pipefail","-c"]',
    );
    expect(reader.step('RUN /bin/bash -o pipefail -c a | b # buildkit', undefined).text).toBe('RUN a | b');
  });
});

describe('DockerfileReader with the names of the config', () => {
  it.each<[createdBy: string, expected: string]>([
    ['ENV A=x=1 y=2 B=3', 'ENV A="x=1 y=2" B=3'],
    ['LABEL a=1 b=2', 'LABEL a="1 b=2"'],
    ['VOLUME [/data /more data]', 'VOLUME ["/data","/more data"]'],
    ['WORKDIR /a$b', 'WORKDIR /a\\$b'],
  ])('ends values of %s where they end', (createdBy, expected) => {
    const reader = new DockerfileReader({
      env: new Set(['A', 'B']),
      labels: new Set(['a']),
      volumes: new Set(['/data', '/more data']),
    });
    expect(reader.step(createdBy, undefined).text).toBe(expected);
  });
});

describe('foldInstruction()', () => {
  it('breaks where lines were continued, so that joining gives the same text', () => {
    const text = 'RUN a &&     b  c \t&& d';
    const folded = foldInstruction(text);
    expect(folded).toBe('RUN a && \\\n    b  c \\\n\t&& d');
    expect(folded.replaceAll('\\\n', '')).toBe(text);
  });

  it('begins no line with what a Dockerfile takes for a comment', () => {
    expect(foldInstruction("RUN echo '     #a'")).toBe("RUN echo '     #a'");
  });
});
