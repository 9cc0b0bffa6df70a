import { expect, it } from 'vitest';
import { ManifestItem } from '../../../src/diff/manifest/manifest.ts';
import { E, Errno } from '../../../src/sys/errors.ts';
import { jsonItem } from '../../../src/told/change.ts';

class LostLink extends ManifestItem {
  override target(): never {
    throw new Errno(E.ENOENT, 'read a link');
  }
}

it('tells that the target of a link cannot be read', () => {
  const link = new LostLink(new Map([['type', 'link']]), { allXattrs: false });
  expect(jsonItem(link)).toMatchObject({ type: 'link', targetError: 'ENOENT' });
});
