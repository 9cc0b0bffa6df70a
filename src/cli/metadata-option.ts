// `--metadata`: what the store's own records say of a layer is believed instead of the disk.
import { Option } from 'commander';

/** `tar-split` is what such a record is called in Docker's and Podman's stores; containerd has the compressed layers. */
export function metadataOption(): Option {
  return new Option(
    '--metadata <source>',
    '`record` (or `tar-split`): for a copy that lost owners, attributes, links or whiteouts',
  ).choices(['record', 'tar-split']);
}
