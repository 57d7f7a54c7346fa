import type { Resource } from '../../provision/authoring.ts';
import { type Handler, handler, sh } from '../../provision/index.ts';

const CURRENT = '/opt/theapp/current';
const PREVIOUS = '/opt/theapp/previous';
export const RELEASES = '/opt/theapp/releases';

/**
 * `current` points at a release; the one before it stays known as `previous`. Nothing is restarted here: that is
 * owed to the handler `start`, which survives a crash.
 */
export function current(version: string, notify: Handler): Resource<string> {
  const wanted = `releases/${version}`;
  return {
    kind: 'release',
    name: 'theapp',
    notify: [notify],
    probe: {
      script: sh`readlink ${CURRENT} || :`,
      read: ({ stdout }) => stdout.trim(),
    },
    plan: (now) => {
      if (now === wanted) return [];
      const from = now === '' ? '' : ` from ${now.replace('releases/', '')}`;
      const script = sh`old=$(readlink ${CURRENT} || :)
if [ -n "$old" ]; then ln -sfn "$old" ${`${PREVIOUS}.draft`}; mv -fT ${`${PREVIOUS}.draft`} ${PREVIOUS}; fi
ln -sfn ${wanted} ${`${CURRENT}.draft`}
mv -fT ${`${CURRENT}.draft`} ${CURRENT}`;
      return [{ summary: `switch to ${version}${from}`, script }];
    },
  };
}

/**
 * Migrates, restarts, and waits until the application says that it is ready. When it does not, the release before
 * is put back, and the handler fails with the journal's last lines.
 */
export function start(node: string, host: string, port: number, seconds: number): Handler {
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}/readyz`;
  const wait = `const end = Date.now() + ${seconds}000;
for (;;) {
  let said = 'nothing';
  try {
    const answer = await fetch(${JSON.stringify(url)}, { signal: AbortSignal.timeout(5000) });
    if (answer.ok) process.exit(0);
    said = answer.status + ' ' + (await answer.text());
  } catch (error) { said = error.cause?.code ?? error.message; }
  if (Date.now() > end) { console.error('readiness after ${seconds} s: ' + said); process.exit(1); }
  await new Promise((resolve) => setTimeout(resolve, 250));
}`;
  return handler(
    'start theapp',
    sh`systemctl daemon-reload
ready() { ${node} --input-type=module -e ${wait}; }
begin() { systemctl start theapp-migrate.service && systemctl restart theapp.service && ready; }
since=$(date +%s)
begin && exit 0
echo "release $(readlink ${CURRENT}) did not become ready" >&2
# The application's own words, not systemd's about it, and no stack.
said() { journalctl -q -o cat --since "@$since" _TRANSPORT=stdout _SYSTEMD_UNIT="$1.service" | grep -v '^ *at ' | tail -n 6; }
{ said theapp-migrate; said theapp; } >&2 || :
old=$(readlink ${PREVIOUS} || :)
if [ -n "$old" ] && [ "$old" != "$(readlink ${CURRENT})" ]; then
ln -sfn "$old" ${`${CURRENT}.draft`}
mv -fT ${`${CURRENT}.draft`} ${CURRENT}
systemctl restart theapp.service
if ready; then echo "$old was put back and is ready" >&2; else echo "$old was put back and is not ready either" >&2; fi
fi
exit 1`,
  );
}

/** Old releases go: `keep` stay, `current` and `previous` always. */
export function pruned(keep: number): Resource<readonly string[]> {
  return {
    kind: 'releases',
    name: `keep ${keep}`,
    probe: {
      script: sh`cd ${RELEASES} 2>/dev/null || exit 0
now=$(readlink ${CURRENT} || :) before=$(readlink ${PREVIOUS} || :)
ls -1t | while read -r one; do
case "releases/$one" in "$now"|"$before") ;; *) printf '%s\n' "$one" ;; esac
done`,
      read: ({ stdout }) => stdout.split('\n').filter(Boolean),
    },
    plan: (others) => {
      const old = others.slice(Math.max(keep - 2, 0));
      if (old.length === 0) return [];
      return [{ summary: `remove ${old.join(', ')}`, script: sh`cd ${RELEASES}; rm -rf -- ${old}` }];
    },
  };
}
