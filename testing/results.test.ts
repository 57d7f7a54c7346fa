import t from 'tap';
import { failuresIn, outcomeOf, summary } from './results.ts';

const text = `TAP version 14
# Subtest: a.test.ts
    1..0 # SKIP needs a network
ok 1 - a.test.ts # SKIP SKIP needs a network

# Subtest: b.test.ts
    # Subtest: one
        ok 1 - x
        ok 2 - within # SKIP needs root
        1..2
    ok 1 - one # time=20.902ms
    ok 2 - two # SKIP needs root
    ok 3 - three # SKIP
    1..3
ok 2 - b.test.ts # time=36.986ms

# No coverage generated
# { total: 7, pass: 2, fail: 1, skip: 4 }
# time=6572.363ms
`;

t.test('the summary lists skipped tests by reason, and the counts', async (t) => {
  t.equal(
    summary([outcomeOf(text), outcomeOf('# { total: 3, pass: 3 }\n')]),
    `skipped: needs a network
  a.test.ts: the whole file
skipped: needs root
  b.test.ts: within
  b.test.ts: two
skipped: no reason given
  b.test.ts: three
5 passed, 1 failed, 4 skipped`,
  );
});

t.test('an interrupted run counts as failed', async (t) => {
  t.equal(summary([outcomeOf('TAP version 14\nok 1 - x\n')]), '0 passed, 1 failed, 0 skipped');
  t.equal(summary([]), '0 passed, 0 failed, 0 skipped');
});

t.test('a failure is printed with its file, once', async (t) => {
  const failed = `# Subtest: a.test.ts
    # Subtest: one
        ok 1 - x
        not ok 2 - should be equal
          ---
          diff: |
            -1
            +2
          ...
        1..2
    not ok 1 - one # time=20.902ms
      ---
      at: y
      ...
not ok 1 - a.test.ts # time=36.986ms
`;
  t.strictSame(failuresIn(failed), [
    `a.test.ts
        not ok 2 - should be equal
          ---
          diff: |
            -1
            +2`,
  ]);
  t.match(
    failuresIn('# Subtest: b.test.ts\nnot ok 1 - b.test.ts # time=1ms\n  ---\n  exitCode: 1\n  ...\n'),
    [/^b\.test\.ts\nnot ok 1.*\n.*\n {2}exitCode: 1$/],
  );
  t.strictSame(failuresIn(text), []);
});
