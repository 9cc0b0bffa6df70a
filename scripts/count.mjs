// Ends a CI run from the exit code of `npm run check` and vitest's JSON reports, one for each Node: one line `N passed, N failed`, and
// exit code 0 only where something passed in each and nothing failed. The check counts as one, and so does a file that cannot load.
import { readFileSync } from 'node:fs';

const [check, ...reports] = process.argv.slice(2);
const runs = reports.map(readReport);
const files = runs.flat();
const tests = files.flatMap((file) => file.assertionResults);
const broken = files.filter((file) => file.status === 'failed' && !file.assertionResults.some(isFailure));
for (const file of broken) console.log(`${file.name}: ${file.message}`);
if (check !== '0') console.log(`npm run check: exit code ${check}`);

const passed = tests.filter((test) => test.status === 'passed').length;
const failed = tests.filter(isFailure).length + broken.length + (check === '0' ? 0 : 1);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = runs.every(hasPassed) && failed === 0 ? 0 : 1;

function hasPassed(run) {
  return run.some((file) => file.assertionResults.some((test) => test.status === 'passed'));
}

function isFailure(test) {
  return test.status === 'failed';
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
