import { globSync, readFileSync } from 'node:fs';
import { outcomeOf, summary } from './results.ts';

// Prints the last lines of `npm test`: the summary of all parts that testing/run.ts has run.
const files = globSync('.cache/tests/*.tap').sort();
process.stdout.write(`${summary(files.map((file) => outcomeOf(readFileSync(file, 'utf8'))))}\n`);
