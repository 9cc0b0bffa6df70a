// Ends a CI run from the exit code of `npm run check` and vitest's JSON reports, one for each Node, each with vitest's exit code in a
// file beside it (`all.json`, `all.code`): what failed, once more (of a long run only the end is kept), one line `N passed, N failed`,
// and exit code 0 only where something passed in each and nothing failed. The check counts as one, and so does a file that cannot
// load, or an exit code for which no report has a reason: a file whose worker never started is in none.
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

const MESSAGE_LINES = 12;

const [check, ...reports] = process.argv.slice(2);
const runs = reports.map((report) => ({
  name: basename(report, '.json'),
  files: readReport(report),
  code: readCode(report),
}));
let passed = 0;
let failed = 0;
for (const run of runs) {
  const before = failed;
  for (const file of run.files) {
    passed += file.assertionResults.filter((test) => test.status === 'passed').length;
    const failures = file.assertionResults.filter((test) => test.status === 'failed');
    for (const test of failures) tell(run, `${file.name}: ${test.fullName}`, test.failureMessages.join('\n'));
    if (file.status === 'failed' && failures.length === 0) tell(run, file.name, file.message);
  }
  if (run.code !== '0' && failed === before)
    tell(
      run,
      'vitest',
      `exit code ${run.code}, and no test failed: an error outside of tests, or a file that did not run`,
    );
}
if (check !== '0') {
  failed += 1;
  console.log(`npm run check: exit code ${check}`);
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = runs.every(hasPassed) && failed === 0 ? 0 : 1;

function tell(run, what, message) {
  failed += 1;
  const lines = message.split('\n').slice(0, MESSAGE_LINES);
  console.log([`FAILED (${run.name}) ${what}`, ...lines.map((line) => `    ${line}`)].join('\n'));
}

function hasPassed(run) {
  return run.files.some((file) => file.assertionResults.some((test) => test.status === 'passed'));
}

function readCode(report) {
  try {
    return readFileSync(report.replace(/json$/, 'code'), 'utf8').trim();
  } catch {
    return 'unknown';
  }
}

function readReport(report) {
  try {
    return JSON.parse(readFileSync(report, 'utf8')).testResults;
  } catch (error) {
    return [
      { name: 'vitest', status: 'failed', message: `no report: ${error.message}`, assertionResults: [] },
    ];
  }
}
