/// <reference lib="dom" />
// Where the script of every page begins: what it adds is by the kind of the page. Without it the rest of the page stands.
import { startChanges } from './changes/start.ts';
import { startImage } from './image/start.ts';
import { startStore } from './store/start.ts';

const STARTS: Readonly<Record<string, () => Promise<void>>> = {
  image: startImage,
  changes: startChanges,
  store: startStore,
};

void STARTS[document.documentElement.dataset.page ?? '']?.();
