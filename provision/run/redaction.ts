import { redact } from '../shell/secret.ts';
import type { RunOptions } from './options.ts';

/** The same options, with every secret that was ever sent to a host redacted in everything that is reported. */
export function redacted(options: RunOptions): RunOptions {
  const secrets = new Set<string>();
  const hide = (_key: string, value: unknown) => (typeof value === 'string' ? redact(value, secrets) : value);
  return {
    ...options,
    report: (event) => options.report(secrets.size === 0 ? event : JSON.parse(JSON.stringify(event, hide))),
    open: async (host, progress) => {
      const session = await options.open(host, progress);
      return {
        get roundTrips() {
          return session.roundTrips;
        },
        exchange: (request) => {
          for (const { script } of request.steps) for (const value of script.secrets) secrets.add(value);
          for (const { secrets: found } of request.probes) for (const value of found) secrets.add(value);
          return session.exchange(request);
        },
        upload: session.upload,
        abort: session.abort,
        close: session.close,
      };
    },
  };
}
