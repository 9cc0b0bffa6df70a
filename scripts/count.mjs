// Ends a CI run from vitest's JSON report and the exit code of `npm run check`: one line `N passed, N failed`, and exit
// code 0 only where something passed and nothing failed. The check counts as one, and so does a file that cannot load.
import { readFileSync } from 'node:fs';

const [report, check] = process.argv.slice(2);
const files = readReport();
const tests = files.flatMap((file) => file.assertionResults);
const broken = files.filter((file) => file.status === 'failed' && !file.assertionResults.some(isFailure));
for (const file of broken) console.log(`${file.name}: ${file.message}`);
if (check !== '0') console.log(`npm run check: exit code ${check}`);

const passed = tests.filter((test) => test.status === 'passed').length;
const failed = tests.filter(isFailure).length + broken.length + (check === '0' ? 0 : 1);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = passed > 0 && failed === 0 ? 0 : 1;

function isFailure(test) {
  return test.status === 'failed';
}

function readReport() {
  try {
    return JSON.parse(readFileSync(report, 'utf8')).testResults;
  } catch (error) {
    return [
      { name: 'vitest', status: 'failed', message: `no report: ${error.message}`, assertionResults: [] },
    ];
  }
}
