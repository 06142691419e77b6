// Counts the tests in a report of Vitest's JSON reporter, for .ci/run:
//   node .ci/count-tests.mjs <report> <exit status of the test run> <what was run>
// Prints "<passed> <failed> <skipped>". A file that could not be loaded counts as one failed test, and so does
// a run that failed without a failed test (an unhandled error, a report that is missing or empty).
import { readFileSync } from 'node:fs';

const [file, status, name] = process.argv.slice(2);
const text = readFileSync(file, 'utf8');
let passed = 0;
let failed = 0;
let skipped = 0;
if (text !== '') {
  const report = JSON.parse(text);
  const unloaded = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  );
  passed = report.numPassedTests;
  failed = report.numFailedTests + unloaded.length;
  skipped = report.numPendingTests + report.numTodoTests;
}
if (failed === 0 && (status !== '0' || passed === 0)) {
  process.stderr.write(`ci: ${name} ended with status ${status} and ${passed} passed tests\n`);
  failed = 1;
}
process.stdout.write(`${passed} ${failed} ${skipped}\n`);
