import type { Reporter } from './events.ts';
import { jsonReporter } from './json.ts';
import { terminalReporter } from './terminal.ts';

export interface ReportOptions {
  readonly json: boolean;
  readonly diff: boolean;
  readonly verbose: boolean;
  /** Where an HTML page about the run goes. */
  readonly report?: string;
}

/** Human output to stderr; machine output to stdout instead of it; the page beside either. */
export async function reporterOf({ json, diff, verbose, report }: ReportOptions): Promise<Reporter> {
  // Loaded when they are used only: most runs show no difference between texts, and write no page.
  const patch = diff ? (await import('./patch.ts')).patch : undefined;
  const page = report === undefined ? undefined : (await import('./html.ts')).htmlReporter(report);
  const main = json ? jsonReporter : terminalReporter({ out: process.stderr, patch, verbose });
  if (!page) return main;
  return (event) => {
    main(event);
    page(event);
  };
}
