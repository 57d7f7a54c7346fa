import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { type Event, failure } from '../../../provision/index.ts';
import { imagesFolder, labFolder } from '../../../provision/machines/lab/folders.ts';

export const checkout = resolve(import.meta.dirname, '../../..');

/** The result of `npm run provision`. */
export interface Provisioned {
  readonly exitCode: number;
  /** Resources that were changed, `host: role: resource`. */
  readonly changed: readonly string[];
  /** The errors, with the output of the host. */
  readonly errors: readonly string[];
  readonly seconds: number;
}

/** Deadline of one run in seconds. */
const DEADLINE_SECONDS = 1800;

/** Runs `npm run provision` of a checkout with these arguments. Its progress goes to `progress`. */
export async function provision(
  words: readonly string[],
  progress: (line: string) => void,
  from: string = checkout,
): Promise<Provisioned> {
  const began = performance.now();
  // A copy of the checkout uses the same machines.
  const env = { THEAPP_LAB: labFolder(), THEAPP_LAB_IMAGES: imagesFolder() };
  const node = join(checkout, 'node_modules', '.bin', 'node');
  const child = execa(node, [join(from, 'provision/cli.mjs'), ...words, '--json'], {
    cwd: from,
    env,
    reject: false,
    stdin: 'ignore',
    timeout: DEADLINE_SECONDS * 1000,
  });
  const events: Event[] = [];
  let rest = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString('utf8')).split('\n');
    rest = lines.pop() ?? '';
    for (const event of lines.map((line) => JSON.parse(line) as Event)) {
      events.push(event);
      if (event.event === 'progress') progress(`${event.topic}: ${event.message}`);
    }
  });
  const { exitCode, stderr } = await child;
  const errors = events.flatMap((event) =>
    event.event === 'error' ? [[event.host, event.message, event.said].filter(Boolean).join(': ')] : [],
  );
  return {
    exitCode: exitCode ?? -1,
    changed: events.flatMap((event) =>
      event.event === 'resource' && event.status === 'changed'
        ? [`${event.host}: ${event.role}: ${event.resource}`]
        : [],
    ),
    errors:
      exitCode === undefined
        ? [...errors, `not finished within ${DEADLINE_SECONDS} s: ${stderr.slice(-300)}`]
        : errors,
    seconds: Math.round((performance.now() - began) / 1000),
  };
}

/** @throws ProvisionError (failed) with the errors of the run, unless it succeeded */
export function requireSuccess({ exitCode, errors }: Provisioned, what: string): void {
  if (exitCode !== 0) throw failure({ what, said: errors.join('\n') });
}
