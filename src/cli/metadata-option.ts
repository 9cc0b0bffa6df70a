// `--metadata`: what the store's own records say of a layer is believed instead of the disk.
import { Option } from 'commander';

export function metadataOption(): Option {
  return new Option(
    '--metadata <source>',
    '`tar-split`: for a copy that lost owners, attributes, links or whiteouts',
  ).choices(['tar-split']);
}
