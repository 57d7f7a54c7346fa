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

/** The failed assertions of a run as tap reported them, each with its file; a file that ended early counts as one. */
export function failuresIn(text: string): string[] {
  const blocks = blocksIn(text);
  // a test and its file fail with the assertion in it; their lines end with the time that they took
  const assertions = blocks.filter(({ lines: [first = ''] }) => !/# time=[\d.]+ms$/.test(first));
  return (assertions.length > 0 ? assertions : blocks).map(({ file, lines }) =>
    [file, ...lines.slice(0, MOST_LINES)].join('\n'),
  );
}

/** Lines of one failure that are printed. */
const MOST_LINES = 40;

/** Each `not ok` line with the YAML block that follows it. */
function blocksIn(text: string): { file: string; lines: string[] }[] {
  const blocks: { file: string; lines: string[] }[] = [];
  let file = '';
  let open: string[] | undefined;
  for (const line of text.split('\n')) {
    file = /^# Subtest: (.*)$/.exec(line)?.[1] ?? file;
    if (/^ *not ok \d+/.test(line)) {
      open = [line];
      blocks.push({ file, lines: open });
    } else if (/^ *(not )?ok \d+|^ *\.\.\.$/.test(line)) open = undefined;
    else open?.push(line);
  }
  return blocks;
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
