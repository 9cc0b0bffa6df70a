// The files that dockerd keeps beside a container's config.
import type { ContainerId } from '../../store/digest.ts';
import { type ContainerConfig, containerDirectory } from '../../store/dockerd/containers.ts';
import { HOST_CONFIG } from '../../store/dockerd/shapes.ts';
import type { StoreFiles } from '../../store/files.ts';
import { parseJson } from '../../store/formats/json.ts';
import { bytesOfText } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import type { ReportDataRoot } from './findings.ts';

/** hostconfig.json, and the files that its config names: they were there once, the log among them. */
export function examineContainerFiles(
  files: StoreFiles,
  { id, ownFiles }: ContainerConfig,
  report: ReportDataRoot,
): void {
  const directory = containerDirectory(id);
  const tell = (name: string, detail: string) =>
    report({ code: 'container-file', path: files.pathOf(`${directory}/${name}`), detail });
  const hostConfig = attempt(() => {
    const path = `${directory}/hostconfig.json`;
    parseJson(files.read(path), files.pathOf(path), HOST_CONFIG, 'first value');
  });
  if (hostConfig instanceof Trouble) tell('hostconfig.json', hostConfig.message);
  for (const path of ownFiles) {
    // Where it lay on the machine that ran it; files that lie elsewhere are not this store's.
    const name = bytesOfText(path).split(`/${directory}/`)[1];
    if (name === undefined || name.split('/').includes('..')) continue;
    const kind = attempt(() => files.kindOf(`${directory}/${name}`));
    if (kind instanceof Trouble) tell(name, kind.message);
    else if (kind !== 'file')
      tell(name, kind === undefined ? 'no such file' : `not a regular file, but: ${kind}`);
  }
}

/** A checkpoint is a directory of CRIU's images. */
export function examineCheckpoints(files: StoreFiles, id: ContainerId, report: ReportDataRoot): void {
  const directory = `${containerDirectory(id)}/checkpoints`;
  const names = attempt(() => files.namesIfPresent(directory) ?? []);
  for (const name of names instanceof Trouble ? [] : names) {
    const path = `${directory}/${name}`;
    const held = attempt(() => files.namesIfPresent(path) ?? []);
    const detail =
      held instanceof Trouble ? held.message : held.length === 0 ? 'nothing is in it' : undefined;
    if (detail !== undefined) report({ code: 'checkpoint-damaged', path: files.pathOf(path), detail });
  }
}
