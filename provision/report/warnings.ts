import type { Reporter } from './events.ts';

/** Reports each warning only once. */
export function warnings(report: Reporter): (message: string) => void {
  const given = new Set<string>();
  return (message) => {
    if (given.has(message)) return;
    given.add(message);
    report({ event: 'warning', message });
  };
}
