import type { Reporter } from '../report/events.ts';

/**
 * Ctrl-C. The first one lets the current change finish, so that nothing is left half done, and prints the recap. The
 * second one stops at once. `done` removes the signal handlers.
 */
export function interrupts(report: Reporter): { stopping(): boolean; signal: AbortSignal; done(): void } {
  const controller = new AbortController();
  let asked = 0;
  const hear = () => {
    asked++;
    if (asked === 1) {
      report({
        event: 'warning',
        message: 'stopping after the current change; press Ctrl-C again to stop at once',
      });
      return;
    }
    controller.abort();
    process.exit(130);
  };
  process.on('SIGINT', hear);
  process.on('SIGTERM', hear);
  return {
    stopping: () => asked > 0,
    signal: controller.signal,
    done: () => {
      process.off('SIGINT', hear);
      process.off('SIGTERM', hear);
    },
  };
}
