// Counts the tests in a report of Vitest's JSON reporter, for .ci/run:
//   node .ci/count-tests.mjs <report> <exit status of the test run> <what was run> <summary>
// Prints "<passed> <failed> <skipped>". A file that could not be loaded counts as one failed test, and so does
// a run that failed without a failed test (an unhandled error, a report that is missing or empty). What failed
// and why, and the files that took longest, are appended to the file <summary>.
import { appendFileSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';

/** Files that took longest, of each run. */
const SLOWEST = 10;
/** Lines of a failure's message that are repeated in the summary. */
const MESSAGE_LINES = 12;

const [file, status, name, summary] = process.argv.slice(2);
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
  appendFileSync(summary, [...slowest(report), ...failures(report, unloaded)].join(''));
}
if (failed === 0 && (status !== '0' || passed === 0)) {
  const line = `ci: ${name} ended with status ${status} and ${passed} passed tests\n`;
  process.stderr.write(line);
  appendFileSync(summary, line);
  failed = 1;
}
process.stdout.write(`${passed} ${failed} ${skipped}\n`);

/** The files that took longest, in seconds, a line each. */
function slowest({ testResults }) {
  const files = testResults
    .map((result) => ({
      path: pathOf(result),
      seconds: (result.endTime - result.startTime) / 1000,
    }))
    .sort((one, other) => other.seconds - one.seconds)
    .slice(0, SLOWEST);
  return [
    `slowest files of ${name}:\n`,
    ...files.map(({ path, seconds }) => `${seconds.toFixed(1).padStart(8)} s  ${path}\n`),
  ];
}

/** What failed, each with the beginning of its messages. */
function failures({ testResults }, unloaded) {
  const ofTests = testResults.flatMap((result) =>
    result.assertionResults
      .filter((test) => test.status === 'failed')
      .map((test) => [`${pathOf(result)}: ${test.fullName}`, test.failureMessages.join('\n')]),
  );
  const ofFiles = unloaded.map((result) => [`${pathOf(result)} was not run`, result.message]);
  return [...ofTests, ...ofFiles].map(([what, why]) => {
    const lines = why.split('\n').slice(0, MESSAGE_LINES);
    return `FAILED (${name}) ${what}\n${lines.map((line) => `    ${line}\n`).join('')}`;
  });
}

function pathOf(result) {
  return relative(process.cwd(), result.name);
}
