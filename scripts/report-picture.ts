// The picture of a report that README shows, taken by Debian's chromium of the demo's store with one altered file:
// `node --import ./scripts/typescript.mjs scripts/report-picture.ts`, after `npm run build`.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { writeSampleStore } from './sample-store.ts';

const COMMAND = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const PICTURE = fileURLToPath(new URL('../native-notes/report-store.png', import.meta.url));
/** Told on the page, so it has a plain name; it must not be there. */
const folder = join(tmpdir(), 'evidence');
mkdirSync(folder);
try {
  writeSampleStore(join(folder, 'docker'));
  for (const path of passwords(join(folder, 'docker')))
    writeFileSync(path, readFileSync(path, 'latin1').replace('web:x:100:100', 'web:x:000:000'), 'latin1');
  const words = ['--root', 'docker', 'report', '--store', '--verify', '--out', 'case'];
  const env = { ...process.env, SOURCE_DATE_EPOCH: '1764331200' };
  spawnSync(process.execPath, [COMMAND, ...words], { cwd: folder, env, stdio: 'inherit' });
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
  const page = await browser.newPage({ viewport: { width: 1180, height: 760 } });
  await page.goto(`file://${join(folder, 'case/report.html')}`);
  await page.waitForSelector('button.sort');
  await page.screenshot({ path: PICTURE });
  await browser.close();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function passwords(root: string): string[] {
  const layers = readdirSync(join(root, 'overlay2'));
  return layers
    .map((name) => join(root, 'overlay2', name, 'diff/etc/passwd'))
    .filter((path) => existsSync(path));
}
