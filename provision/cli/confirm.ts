import { createInterface } from 'node:readline/promises';
import type { Change, Resource } from '../language/resource.ts';
import { stopped } from '../run/failures.ts';
import { title } from '../run/items.ts';

type Confirm = (
  host: string,
  role: string,
  resource: Resource,
  changes: readonly Change[],
) => Promise<boolean>;

/** `--step`: asks before each change. `c` accepts all that follow. */
export function confirmer(): Confirm {
  let all = false;
  return async (host, role, resource, changes) => {
    if (all) return true;
    const words = changes.map(({ summary }) => summary).join('; ');
    const asker = createInterface({ input: process.stdin, output: process.stderr });
    const question = `  ? ${host}  ${role}: ${title(resource)}: ${words} (y)es, (n)o, (c)ontinue: `;
    const answer = await asker.question(question).catch(() => undefined);
    asker.close();
    // Ctrl-C or Ctrl-D at the question: no change is in progress.
    if (answer === undefined) throw stopped();
    all = /^c/i.test(answer);
    return all || /^y/i.test(answer);
  };
}
