import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { familiarName, parseReference } from '../../../../src/store/reference/reference.ts';
import { Trouble } from '../../../../src/sys/errors.ts';
import { expectBelow } from '../../../support/bounds.ts';
import { troubleOf } from '../trouble.ts';

const HEX = '0123456789abcdef'.repeat(4);
const DIGEST = `sha256:${HEX}`;

/** Every reading as one line: `image nginx:latest | container nginx`. */
function readings(text: string): string {
  const { kind, imageName, imageId, containerName, containerId, containerInPod } = parseReference(text);
  const found = [
    imageName && `image ${imageName}`,
    imageId && `image ID ${imageId}`,
    containerName && `container ${containerName}`,
    containerId && `container ID ${containerId}`,
    containerInPod && `container in pod ${containerInPod}`,
  ].filter(Boolean);
  return `${kind}: ${found.join(' | ')}`;
}

describe('parseReference()', () => {
  it.each([
    ['nginx', 'either: image nginx:latest | container nginx'],
    ['nginx:1.25', 'either: image nginx:1.25'],
    ['docker.io/library/nginx', 'either: image nginx:latest'],
    ['docker.io/nginx:1', 'either: image nginx:1'],
    ['index.docker.io/library/nginx:1', 'either: image nginx:1'],
    ['library/nginx', 'either: image nginx:latest'],
    ['docker.io/foo/bar', 'either: image foo/bar:latest'],
    ['docker.io/library/a/b', 'either: image library/a/b:latest'],
    ['foo/bar:v1', 'either: image foo/bar:v1'],
    ['localhost:5000/nginx', 'either: image localhost:5000/nginx:latest'],
    ['localhost/nginx', 'either: image localhost/nginx:latest'],
    ['registry.example.com:5000/team/app:v2', 'either: image registry.example.com:5000/team/app:v2'],
    ['[::1]:5000/app', 'either: image [::1]:5000/app:latest'],
    ['localhost/a.b/c__d/e--f', 'either: image localhost/a.b/c__d/e--f:latest'],
    ['Host/app', 'either: image Host/app:latest'],
    [`nginx@${DIGEST}`, `either: image nginx@${DIGEST}`],
    [`nginx:1.25@${DIGEST}`, `either: image nginx@${DIGEST}`],
    [`docker.io/library/nginx@${DIGEST}`, `either: image nginx@${DIGEST}`],
    [DIGEST, `either: image ID ${HEX}`],
    [HEX, `either: image ID ${HEX} | container ${HEX} | container ID ${HEX}`],
    ['sha256:0123', 'either: image sha256:0123 | image ID 0123'],
    ['abc', 'either: image abc:latest | image ID abc | container abc | container ID abc'],
    ['f', 'either: image f:latest | image ID f | container f | container ID f'],
    ['/web', 'either: container web'],
    ['My_Container.1', 'either: container My_Container.1'],
    ['image:nginx', 'image: image nginx:latest'],
    ['image:nginx:1.25', 'image: image nginx:1.25'],
    ['image:latest', 'image: image latest:latest'],
    ['image:image:latest', 'image: image image:latest'],
    ['image:container', 'image: image container:latest'],
    ['image:abc', 'image: image abc:latest | image ID abc'],
    [`image:${DIGEST}`, `image: image ID ${HEX}`],
    ['image', 'either: image image:latest | container image'],
    ['container', 'either: image container:latest | container container'],
    ['container:web', 'container: container web'],
    ['container:/web', 'container: container web'],
    ['container:abc', 'container: container abc | container ID abc'],
    ['container:image', 'container: container image'],
    ['container:shop/db', 'container: container in pod shop/db'],
    ['shop/db', 'either: image shop/db:latest'],
  ])('reads %s', (text, expected) => {
    expect(readings(text)).toBe(expected);
  });

  it.each([
    ['', 'it is empty'],
    ['Nginx:latest', 'image names are lower case'],
    ['image:Nginx', 'image names are lower case'],
    ['image:', 'it is not an image name, a container name or an ID'],
    ['image:a b', 'it is not an image name or an ID'],
    ['container:a/b/c', 'it is neither a container name nor an ID'],
    ['a//b', 'it is not an image name, a container name or an ID'],
    ['../etc', 'it is not an image name, a container name or an ID'],
    ['nginx:', 'it is not an image name, a container name or an ID'],
    ['nginx@sha256:12', 'it is not an image name, a container name or an ID'],
    [`nginx:${'x'.repeat(129)}`, 'it is not an image name, a container name or an ID'],
    [`a/${'x'.repeat(255)}`, 'it is not an image name, a container name or an ID'],
    ['a\nb', 'it is not an image name, a container name or an ID'],
  ])('refuses %j', (text, state) => {
    expect(troubleOf(() => parseReference(text))).toBe(
      `reference: Cannot understand reference "${text}": ${state}`,
    );
  });

  it('reads any text or refuses it, and reads nothing that could be a path out of a store', () => {
    const words = fc.array(
      fc.constantFrom(
        'a',
        'Z',
        '0',
        '/',
        ':',
        '@',
        '.',
        '..',
        '_',
        'sha256:',
        'image:',
        'container:',
        '\0',
        '\n',
        HEX,
        'é',
      ),
      { maxLength: 12 },
    );
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      words.map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(text, (text) => {
        let reference: ReturnType<typeof parseReference>;
        try {
          reference = parseReference(text);
        } catch (error) {
          expect(error).toBeInstanceOf(Trouble);
          return;
        }
        const { imageId = 'a', containerId = 'a', containerName = 'a0' } = reference;
        expect(`${imageId} ${containerId}`).toMatch(/^[0-9a-f]{1,64} [0-9a-f]{1,64}$/);
        expect(containerName).toMatch(/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('familiarName()', () => {
  it('leaves a familiar name as it is', () => {
    const part = fc.stringMatching(/^[a-z0-9]{1,5}(?:(?:_|__|-{1,2})[a-z0-9]{1,3}){0,2}$/);
    // Without dots: a first part that has one is a registry, which `docker.io/` in front hides, in docker too.
    const host = fc.constantFrom('x/', 'localhost/', 'reg.example:5000/', 'Host/', 'docker.io/', 'library/');
    const end = fc.constantFrom('', ':v1', ':Tag_1.2-x', `@${DIGEST}`, `:v1@${DIGEST}`);
    fc.assert(
      fc.property(host, fc.array(part, { minLength: 1, maxLength: 3 }), end, (host, parts, end) => {
        const familiar = familiarName(`${host}${parts.join('/')}${end}`);
        expect(familiar).toBeDefined();
        expect(familiarName(familiar ?? '')).toBe(familiar);
      }),
    );
  });

  it('takes a name of a million letters for none, quickly', () => {
    const start = performance.now();
    expect(familiarName('a-'.repeat(500_000))).toBeUndefined();
    expectBelow(1000, performance.now() - start);
  });
});
