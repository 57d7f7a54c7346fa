import { type Handler, handler, sh } from '../../provision/index.ts';
import { CURRENT, PREVIOUS } from './releases.ts';

/**
 * Migrates the database, restarts the application and waits until it is ready. If it does not become ready, the handler
 * rolls back to the previous release and fails with the last lines of the journal.
 */
export function start(node: string, host: string, port: number, seconds: number): Handler {
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}/readyz`;
  return handler(
    'start theapp',
    sh`systemctl daemon-reload
ready() { ${node} --input-type=module -e ${waiting(url, seconds)}; }
begin() { systemctl start theapp-migrate.service && systemctl restart theapp.service && ready; }
since=$(date +%s)
begin && exit 0
echo "release $(readlink ${CURRENT}) did not become ready" >&2
# Only what the application itself has logged, without stack traces.
said() { journalctl -q -o cat --since "@$since" _TRANSPORT=stdout _SYSTEMD_UNIT="$1.service" | grep -v '^ *at ' | tail -n 6; }
{ said theapp-migrate; said theapp; } >&2 || :
old=$(readlink ${PREVIOUS} || :)
if [ -n "$old" ] && [ "$old" != "$(readlink ${CURRENT})" ]; then
ln -sfn "$old" ${`${CURRENT}.draft`}
mv -fT ${`${CURRENT}.draft`} ${CURRENT}
systemctl restart theapp.service
if ready; then echo "rolled back to $old, which is ready" >&2; else echo "rolled back to $old, which is not ready either" >&2; fi
fi
exit 1`,
  );
}

/** A program for Node.js that waits until the URL answers with success. */
const waiting = (url: string, seconds: number) => `const end = Date.now() + ${seconds}000;
for (;;) {
  let said = 'nothing';
  try {
    const answer = await fetch(${JSON.stringify(url)}, { signal: AbortSignal.timeout(5000) });
    if (answer.ok) process.exit(0);
    said = answer.status + ' ' + (await answer.text());
  } catch (error) { said = error.cause?.code ?? error.message; }
  if (Date.now() > end) { console.error('not ready after ${seconds} s: ' + said); process.exit(1); }
  await new Promise((resolve) => setTimeout(resolve, 250));
}`;
