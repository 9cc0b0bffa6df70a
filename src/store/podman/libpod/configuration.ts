// How a container of Podman is run, put into the words that Docker has for it (`Config` of `podman inspect`).
import { shownBytes } from '../../../sys/bytes.ts';
import { attempt, Trouble } from '../../../sys/errors.ts';
import { type JsonObject, optionalObject, optionalString, stringsOf } from '../../formats/json.ts';
import type { Inventory } from '../inventory.ts';

/** An object with the fields `Config` and `LogPath` as Docker writes it. Throws Trouble where Podman has no record of the container. */
export function podmanConfiguration(inventory: Inventory, id: string): JsonObject {
  const podman = inventory.containers().get(id)?.podman;
  if (podman === undefined) {
    const { files } = inventory.root;
    const state = `nothing of how it is run is kept for container ${id}`;
    throw new Trouble('store', `Cannot use "${shownBytes(files.directory)}": ${state}`);
  }
  const { config } = podman;
  const process = inside(inside(config, 'spec'), 'process');
  const labels = attempt(() => optionalObject(config, 'labels')?.fields ?? {});
  const text = (object: JsonObject | undefined, key: string) =>
    object === undefined ? undefined : attempt(() => optionalString(object, key));
  const words = (object: JsonObject | undefined, key: string) =>
    object === undefined ? [] : attempt(() => stringsOf(object, key));
  const fields = {
    Env: words(process, 'env'),
    Labels: labels,
    Entrypoint: words(config, 'entrypoint'),
    Cmd: words(config, 'command'),
    User: text(config, 'user'),
    WorkingDir: text(process, 'cwd'),
  };
  const usable = Object.entries(fields).filter(([, value]) => !(value instanceof Trouble));
  const log = text(config, 'logPath');
  const logPath = typeof log === 'string' ? { LogPath: log } : {};
  return { file: config.file, prefix: '', fields: { Config: Object.fromEntries(usable), ...logPath } };
}

function inside(object: JsonObject | undefined, key: string): JsonObject | undefined {
  const inner = object === undefined ? undefined : attempt(() => optionalObject(object, key));
  return inner instanceof Trouble ? undefined : inner;
}
