import { createInterface } from 'node:readline/promises';
import { failure } from '../errors.ts';
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
    const answer = await answerTo(`${host}  ${role}: ${title(resource)}: ${words} (y)es, (n)o, (c)ontinue:`);
    all = /^c/i.test(answer);
    return all || /^y/i.test(answer);
  };
}

/** Asks whether an action should go on. @throws ProvisionError (failed) unless the answer is yes */
export async function agreed(question: string): Promise<void> {
  if (/^y(es)?$/i.test((await answerTo(`${question} (y)es, (n)o:`)).trim())) return;
  throw failure({ what: 'cancelled', todo: 'to go on, run the same command again and answer y' });
}

async function answerTo(question: string): Promise<string> {
  const asker = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await asker.question(`  ? ${question} `).catch(() => undefined);
  asker.close();
  // Ctrl-C or Ctrl-D at the question: no change is in progress.
  if (answer === undefined) throw stopped();
  return answer;
}
