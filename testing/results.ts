/** A test that was not run, and why. */
export interface Skipped {
  readonly file: string;
  readonly test: string;
  readonly reason: string;
}

/** The result of a test run. */
export interface Outcome {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: readonly Skipped[];
}

/** Parses the output of tap (https://testanything.org): its last line of totals, and the skipped tests. */
export function outcomeOf(text: string): Outcome {
  const total = text.match(/^# \{ total: .*\}$/gm)?.at(-1) ?? '';
  const count = (word: string) => Number(new RegExp(`\\b${word}: (\\d+)`).exec(total)?.[1] ?? 0);
  return {
    passed: count('pass'),
    // an interrupted run prints no totals
    failed: total === '' ? 1 : count('fail') + count('todo'),
    skipped: skippedIn(text),
  };
}

function skippedIn(text: string): Skipped[] {
  let file = '';
  return text.split('\n').flatMap((line) => {
    file = /^# Subtest: (.*)$/.exec(line)?.[1] ?? file;
    const [, indent, name = '', reason = ''] = /^( *)ok \d+ - (.*?) # SKIP\b(.*)$/.exec(line) ?? [];
    if (indent === undefined) return [];
    const test = indent === '' ? 'the whole file' : name;
    return [{ file, test, reason: reason.replace(/^ (SKIP )?/, '') || 'no reason given' }];
  });
}

/** Summarises test runs: the skipped tests by reason, and the counts. */
export function summary(outcomes: readonly Outcome[]): string {
  const skipped = outcomes.flatMap(({ skipped }) => skipped);
  const sum = (of: (outcome: Outcome) => number) => outcomes.reduce((all, one) => all + of(one), 0);
  const lines = [...Map.groupBy(skipped, ({ reason }) => reason)].flatMap(([reason, tests]) => [
    `skipped: ${reason}`,
    ...tests.map(({ file, test }) => `  ${file}: ${test}`),
  ]);
  const [passed, failed] = [sum(({ passed }) => passed), sum(({ failed }) => failed)];
  return [...lines, `${passed} passed, ${failed} failed, ${skipped.length} skipped`].join('\n');
}
