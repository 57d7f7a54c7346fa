import t from 'tap';
import { inUse, previousOf } from './history.ts';

const FAILED = 'Upgrade "theapp" failed: resource Deployment/staging/theapp not ready';

/** A history with these revisions, each a status and a description. */
const history = (revisions: readonly (readonly [status: string, description: string])[]) =>
  JSON.stringify(revisions.map(([status, description], i) => ({ revision: i + 1, status, description })));

t.test('what is in use, and the revision to roll back to', async (t) => {
  const table: [revisions: [string, string][], used: object | undefined, previous: number | undefined][] = [
    [[], undefined, undefined],
    [[['deployed', 'v1']], { describes: 'v1' }, undefined],
    [[['failed', FAILED]], undefined, undefined],
    [
      [
        ['superseded', 'v1'],
        ['deployed', 'v2'],
      ],
      { describes: 'v2' },
      1,
    ],
    [
      [
        ['superseded', 'v1'],
        ['superseded', 'v2'],
        ['deployed', 'v2'],
      ],
      { describes: 'v2' },
      1,
    ],
    [
      [
        ['deployed', 'v1'],
        ['failed', FAILED],
      ],
      { describes: 'v1', failed: FAILED },
      undefined,
    ],
    [
      [
        ['deployed', 'v1'],
        ['pending-upgrade', 'Preparing upgrade'],
      ],
      { describes: 'v1', failed: 'Preparing upgrade' },
      undefined,
    ],
    [
      [
        ['superseded', 'v1'],
        ['superseded', 'v2'],
        ['failed', FAILED],
        ['deployed', 'Rollback to 2'],
      ],
      { describes: 'v2', failed: FAILED },
      1,
    ],
    [
      [
        ['superseded', 'v1'],
        ['superseded', 'v2'],
        ['deployed', 'Rollback to 1'],
      ],
      { describes: 'v1' },
      2,
    ],
    [
      [
        ['superseded', 'v1'],
        ['failed', FAILED],
        ['superseded', 'Rollback to 1'],
        ['deployed', 'v2'],
      ],
      { describes: 'v2' },
      3,
    ],
    [
      [
        ['superseded', 'v1'],
        ['superseded', 'v2'],
        ['superseded', 'Rollback to 1'],
        ['deployed', 'Rollback to 2'],
      ],
      { describes: 'v2' },
      3,
    ],
  ];
  for (const [revisions, used, previous] of table) {
    const text = history(revisions);
    t.strictSame([inUse(text), previousOf(text)], [used, previous], text);
  }
  t.equal(inUse(''), undefined, 'Helm prints nothing if there is no release');
});
