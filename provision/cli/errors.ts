import { exitCodes, ProvisionError } from '../errors.ts';
import type { Reporter } from '../report/events.ts';

/** Reports an error. Returns the exit code; stack traces are shown with `-v` only. */
export function reportErrors(error: unknown, report: Reporter, verbose: boolean): number {
  const errors: readonly unknown[] = error instanceof AggregateError ? error.errors : [error];
  return Math.max(...errors.map((one) => reportError(one, report, verbose)));
}

function reportError(error: unknown, report: Reporter, verbose: boolean): number {
  const known = error instanceof ProvisionError ? error : undefined;
  const {
    said,
    todo = known
      ? undefined
      : 'this is a bug in the provisioner, a role or the approach: run again with -v to see where',
  } = known?.parts ?? {};
  const stack = verbose && error instanceof Error ? error.stack : undefined;
  const output = [said?.trim(), stack].filter(Boolean).join('\n');
  report({
    event: 'error',
    kind: known?.kind ?? 'failed',
    message: error instanceof Error ? error.message : String(error),
    ...(output ? { said: output } : {}),
    ...(todo ? { todo } : {}),
  });
  return known ? exitCodes[known.kind] : 1;
}
