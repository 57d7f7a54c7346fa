import { writeFileSync } from 'node:fs';
import Handlebars from 'handlebars';
import type { Event, Reporter } from './events.ts';

/** Collects the events of a run and writes a self-contained page after the recap. */
export function htmlReporter(file: string): Reporter {
  const events: Event[] = [];
  return (event) => {
    if (event.event !== 'progress') events.push(event);
    if (event.event !== 'recap') return;
    const start = events.find((one) => one.event === 'start');
    const rows = events.filter((one) => one.event === 'resource' || one.event === 'handler');
    const warnings = events.filter((one) => one.event === 'warning');
    const notes = events.filter((one) => one.event === 'note');
    const errors = events.filter((one) => one.event === 'error');
    const checks = events.filter((one) => one.event === 'verify');
    writeFileSync(
      file,
      Handlebars.compile(PAGE)({
        start,
        recap: event,
        rows,
        warnings,
        notes,
        errors,
        checks,
        when: new Date().toISOString(),
      }),
    );
  };
}

const PAGE = `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{{start.approach}}: provisioning report</title>
<style>
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif }
body { max-width: 70rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; width: 100% } th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #8884; vertical-align: top }
.ok { color: #2a7d2a } .changed, .pending, .ran { color: #a66a00 } .error { color: #c22 } pre { white-space: pre-wrap; margin: .3rem 0 }
</style>
<h1>{{start.approach}}</h1>
<p>{{when}}, {{start.provider}}{{#if start.check}}, dry run{{/if}}; exit code {{recap.exitCode}}</p>
<table><thead><tr><th>host<th>ok<th>changed<th>failed<th>unreachable<th>handlers<th>round trips<th>seconds</thead>
{{#each recap.hosts}}<tr><td>{{host}}<td>{{ok}}<td>{{changed}}<td>{{failed}}<td>{{unreachable}}<td>{{handlers}}<td>{{roundTrips}}<td>{{seconds}}</tr>{{/each}}</table>
{{#each warnings}}<p class="pending">{{message}}</p>{{/each}}
{{#each notes}}<p>{{message}}</p>{{/each}}
{{#each errors}}<p class="error">{{#if host}}{{host}}: {{/if}}{{message}}</p>{{#if said}}<pre>{{said}}</pre>{{/if}}{{#if todo}}<p>→ {{todo}}</p>{{/if}}{{/each}}
<h2>Resources</h2>
<table><thead><tr><th>host<th>role<th>resource<th>status<th>changes</thead>
{{#each rows}}<tr><td>{{host}}<td>{{role}}<td>{{#if resource}}{{resource}}{{else}}handler {{handler}}{{/if}}<td class="{{status}}">{{status}}<td>{{#each changes}}{{summary}}{{#if diff}}<details><summary>before and after</summary><pre>{{diff.before}}</pre><pre>{{diff.after}}</pre></details>{{/if}}<br>{{/each}}</tr>{{/each}}</table>
{{#if checks}}<h2>Checks</h2>
<table><thead><tr><th>check<th>answer<th>seconds</thead>
{{#each checks}}<tr><td>{{check}}<td class="{{#if ok}}ok{{else}}error{{/if}}">{{answer}}<td>{{seconds}}</tr>{{/each}}</table>{{/if}}
</html>
`;
