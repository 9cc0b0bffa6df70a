// The directories and small files that are on no disk, as nodes with numbers: what items say, brought up to date from time to
// time so that what stays keeps its number. Knows nothing of the kernel.
import { NotYet } from '../fuse/filesystem.ts';
import { asBytes, type ByteString } from '../sys/bytes.ts';
import { Errno, Trouble } from '../sys/errors.ts';
import {
  type DirectoryItem,
  type SceneBytes,
  type SceneItem,
  type SceneItems,
  type StackItem,
  textFile,
} from './item.ts';
import type { SceneNumbers } from './scene-numbers.ts';
import type { Planted } from './stacks.ts';

/** What tells of a stack, or a directory, that cannot be shown. */
const DAMAGE = asBytes('.damage');
/** Milliseconds for which a failure is believed. */
const PAUSE = 2000;

export interface Scene {
  readonly number: number;
  readonly name: ByteString;
  /** Number of the directory that it is in; the root's is its own. */
  readonly parent: number;
  item: SceneItem;
  /** When it last changed, milliseconds since 1970. */
  changed: number;
  /** Of a directory, or of a stack that cannot be shown; undefined while nobody has asked. */
  children: Map<ByteString, Scene> | undefined;
  /** Of a file. */
  bytes: SceneBytes | undefined;
  /** Of a stack that is shown. */
  planted: Planted | undefined;
  /** What is shown in that stack besides. */
  grafts: readonly Scene[];
  /** Until when what was found out is believed, by the clock that nobody sets. */
  until: number;
  /** What is under way for it. */
  working: Promise<void> | undefined;
  /** The file that was there before, for who reads it still. */
  before: Scene | undefined;
}

export interface SceneryOptions {
  readonly root: DirectoryItem | StackItem;
  readonly plant: (item: StackItem) => Promise<Planted>;
  /** Has what belongs into a stack shown in it: answers the scenes, made by `add`. */
  readonly graft: (planted: Planted, add: AddScene) => Promise<readonly Scene[]>;
  /** Told of a scene that is shown in a stack no more. */
  readonly ungraft: (scene: Scene) => void;
  /** Told of what cannot be shown, once a failure. */
  readonly log: (message: string) => void;
  /** Told of a name that leads elsewhere now. */
  readonly onChange: (directory: number, name: ByteString) => void;
  readonly numbers: SceneNumbers;
}

/** Makes a scene in a directory of any number. */
export type AddScene = (parent: number, name: ByteString, item: SceneItem) => Scene;

export class Scenery {
  readonly root: Scene;
  readonly #scenes = new Map<number, Scene>();
  readonly #roots = new Map<number, Scene>();
  readonly #options: SceneryOptions;
  constructor(options: SceneryOptions) {
    this.#options = options;
    this.root = this.#add(undefined, asBytes(''), options.root);
  }

  /** Undefined for one that is there no more, or never was. */
  get(number: number): Scene | undefined {
    return this.#scenes.get(number);
  }

  /** The scene whose stack a node is the root of. */
  ofRoot(node: number): Scene | undefined {
    return this.#roots.get(node);
  }

  /** Whether all is known that an answer needs; else `load` has to be waited for. */
  isLoaded(scene: Scene): boolean {
    if (scene.item.kind === 'file') return scene.bytes !== undefined;
    if (scene.item.kind === 'stack' && scene.planted !== undefined) return true;
    return scene.children !== undefined && performance.now() < scene.until;
  }

  /** Throws NotYet where it has to be waited for. */
  mustBeLoaded(scene: Scene): void {
    if (!this.isLoaded(scene)) throw new NotYet(this.load(scene));
  }

  /** Whether a name leads to something, and that is no stack whose opening has to be waited for. */
  isOpen(scene: Scene | undefined): boolean {
    return scene !== undefined && (scene.item.kind !== 'stack' || this.isLoaded(scene));
  }

  /** What a loaded directory has of a name. */
  child(directory: Scene, name: ByteString): Scene | undefined {
    const child = directory.children?.get(name);
    return child && this.#current(directory, child);
  }

  /** All that a loaded directory has. A file is another one only where a listing begins, or that would have it twice. */
  list(directory: Scene, { isFirst }: { readonly isFirst: boolean }): Scene[] {
    const children = [...(directory.children?.values() ?? [])];
    return isFirst ? children.map((child) => this.#current(directory, child)) : children;
  }

  /** A file that is not believed any more is another file, so that nobody reads half of each. */
  #current(directory: Scene, scene: Scene): Scene {
    const isOld = scene.bytes !== undefined && performance.now() >= scene.until;
    if (!isOld || directory.children === undefined) return scene;
    const { name } = scene;
    const next = this.#add(directory.number, name, scene.item);
    if (scene.before !== undefined) this.#scenes.delete(scene.before.number);
    scene.before = undefined;
    next.before = scene;
    directory.children.set(name, next);
    directory.changed = Date.now();
    this.#options.onChange(directory.number, name);
    return next;
  }

  /** Has the root's stack opened, where that is one. Throws Trouble where it cannot be shown. */
  async start(): Promise<void> {
    const { root } = this;
    if (root.item.kind !== 'stack') return;
    await this.load(root);
    const damage = root.children?.get(DAMAGE);
    if (root.planted === undefined) throw new Trouble('store', (damage?.item.version ?? '').trim());
  }

  /** Finds out what a scene is; what cannot be had becomes a directory that says why. Never refused. */
  load(scene: Scene): Promise<void> {
    scene.working ??= this.#load(scene).finally(() => {
      scene.working = undefined;
    });
    return scene.working;
  }

  async #load(scene: Scene): Promise<void> {
    const { item } = scene;
    // What was found out is of another item by now, or of nothing that is shown.
    const isLate = () => scene.item !== item || this.#scenes.get(scene.number) !== scene;
    try {
      let holds = Number.POSITIVE_INFINITY;
      if (item.kind === 'file') {
        scene.bytes = await item.read();
        holds = item.holds?.() ?? holds;
      } else if (item.kind === 'stack') {
        const planted = await this.#options.plant(item);
        const grafts = await this.#graft(planted);
        if (isLate()) {
          this.#ungraft(grafts);
          planted.fell();
        } else await this.#show(scene, planted, grafts);
      } else {
        const items = await item.list();
        if (isLate()) return await this.#loadAnew(scene);
        await this.#setChildren(scene, items);
      }
      scene.until = performance.now() + holds;
    } catch (error) {
      if (isLate()) return item.kind === 'directory' ? await this.#loadAnew(scene) : undefined;
      const message = messageOf(error);
      scene.until = performance.now() + PAUSE;
      this.#options.log(message);
      if (item.kind === 'file') scene.bytes = Buffer.from(`${message}\n`);
      else await this.#setChildren(scene, new Map([[DAMAGE, textFile(`${message}\n`)]]));
    }
  }

  async #show(scene: Scene, planted: Planted, grafts: readonly Scene[]): Promise<void> {
    const wasShown = scene.children !== undefined;
    scene.planted = planted;
    scene.grafts = grafts;
    this.#roots.set(planted.root, scene);
    await this.#setChildren(scene, new Map());
    // In the place of what said why it could not be shown.
    if (wasShown) this.#options.onChange(scene.parent, scene.name);
  }

  #graft(planted: Planted): Promise<readonly Scene[]> {
    return this.#options.graft(planted, (parent, name, item) => this.#add(parent, name, item));
  }

  #ungraft(grafts: readonly Scene[]): void {
    for (const graft of grafts) {
      this.#options.ungraft(graft);
      this.#remove(graft);
    }
  }

  /** Where a directory became another one while it was listed: whoever waits for it waits for that one. */
  async #loadAnew(scene: Scene): Promise<void> {
    if (this.#scenes.get(scene.number) === scene) await this.#load(scene);
  }

  /** Takes the place of what the root was; all that was looked at is brought up to date. Never refused. */
  async update(root: DirectoryItem): Promise<void> {
    await this.#update(this.root, root);
  }

  async #update(scene: Scene, item: SceneItem): Promise<void> {
    if (scene.item.version === item.version) return;
    scene.item = item;
    if (item.kind === 'stack') {
      this.#unplant(scene);
      this.#removeChildren(scene);
      scene.children = undefined;
    } else if (scene.children !== undefined) await this.load(scene);
  }

  /** Where a stack was let go it is opened anew by whoever asks next. */
  forgetRoots(isGone: (planted: Planted) => boolean): void {
    for (const scene of this.#roots.values()) {
      const { planted } = scene;
      if (planted === undefined || !isGone(planted)) continue;
      this.#roots.delete(planted.root);
      scene.planted = undefined;
      scene.children = undefined;
      this.#ungraft(scene.grafts);
      scene.grafts = [];
      this.#options.onChange(scene.parent, scene.name);
    }
  }

  #unplant(scene: Scene): void {
    const { planted } = scene;
    if (planted === undefined) return;
    this.#roots.delete(planted.root);
    scene.planted = undefined;
    this.#ungraft(scene.grafts);
    scene.grafts = [];
    planted.fell();
    this.#options.onChange(scene.parent, scene.name);
  }

  async #setChildren(scene: Scene, items: SceneItems): Promise<void> {
    const before = scene.children ?? new Map<ByteString, Scene>();
    const after = new Map<ByteString, Scene>();
    let isSame = scene.children !== undefined;
    const updates: [Scene, SceneItem][] = [];
    for (const name of [...items.keys()].sort()) {
      const item = items.get(name) as SceneItem;
      const old = before.get(name);
      if (old !== undefined && isContinued(old.item, item)) {
        after.set(name, old);
        updates.push([old, item]);
        continue;
      }
      isSame = false;
      after.set(name, this.#add(scene.number, name, item));
    }
    for (const [name, old] of before) {
      if (after.get(name) === old) continue;
      isSame = false;
      this.#remove(old);
      this.#options.onChange(scene.number, name);
    }
    scene.children = after;
    if (!isSame) scene.changed = Date.now();
    for (const [old, item] of updates) await this.#update(old, item);
  }

  #add(parent: number | undefined, name: ByteString, item: SceneItem): Scene {
    const number = this.#options.numbers.take((each) => this.#scenes.has(each));
    const scene: Scene = {
      number,
      name,
      parent: parent ?? number,
      item,
      changed: Date.now(),
      children: undefined,
      bytes: undefined,
      planted: undefined,
      grafts: [],
      until: Number.POSITIVE_INFINITY,
      working: undefined,
      before: undefined,
    };
    this.#scenes.set(number, scene);
    return scene;
  }

  #remove(scene: Scene): void {
    this.#scenes.delete(scene.number);
    if (scene.before !== undefined) this.#scenes.delete(scene.before.number);
    this.#unplant(scene);
    this.#removeChildren(scene);
  }

  #removeChildren(scene: Scene): void {
    for (const child of scene.children?.values() ?? []) this.#remove(child);
  }
}

/** A file that changes is another file, so that nobody reads half of each. */
function isContinued(before: SceneItem, after: SceneItem): boolean {
  return before.kind === after.kind && (after.kind !== 'file' || before.version === after.version);
}

/** Whoever asked waits for an answer, so that a bug is told as one. */
function messageOf(error: unknown): string {
  if (error instanceof Trouble || error instanceof Errno) return error.message;
  return `a fault of stratafs itself: ${error instanceof Error ? error.stack : error}`;
}
