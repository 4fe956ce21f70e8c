/** How the HTML report looks, in light and in dark. */
export const STYLE = `
:root { color-scheme: light dark; --ink: #1f2328; --soft: #59636e; --line: #d1d9e0; --back: #fff; --code: #f6f8fa;
  --good: #1a7f37; --bad: #c5221f; --keyword: #8250df; --string: #0a6e31; --number: #0550ae; --comment: #6e7781;
  --sh-keyword: var(--keyword); --sh-string: var(--string); --sh-class: var(--number); --sh-comment: var(--comment);
  --sh-identifier: inherit; --sh-sign: inherit; --sh-property: inherit; --sh-entity: inherit; --sh-jsxliterals: inherit; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #9198a1; --line: #3d444d; --back: #0d1117;
  --code: #161b22; --good: #3fb950; --bad: #ff7b72; --keyword: #d2a8ff; --string: #7ee787; --number: #79c0ff;
  --comment: #8b949e; } }
body { margin: 0 auto; max-width: 960px; padding: 24px; color: var(--ink); background: var(--back);
  font: 16px/1.55 system-ui, sans-serif; }
pre, code { font: 13px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
pre { margin: 0; padding: 8px 12px; overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere; }
h1, h2, h3 { line-height: 1.25; }
table { border-collapse: collapse; font-size: 14px; margin: 8px 0; display: block; overflow-x: auto; }
th, td { border-bottom: 1px solid var(--line); padding: 4px 12px; text-align: left; }
td { font-variant-numeric: tabular-nums; }
img { max-width: 100%; height: auto; }
/* Pictures are drawn on white. */
.outputs img { background: #fff; border-radius: 4px; }
.run + .run { border-top: 3px solid var(--line); margin-top: 48px; }
.state { font-weight: 600; } .ok { color: var(--good); } .failed { color: var(--bad); }
.cell { margin: 16px 0; }
.cell .source { background: var(--code); border: 1px solid var(--line); border-radius: 6px; }
.cell.failed .source { border-color: var(--bad); }
.cell .about { color: var(--soft); font-size: 12px; display: flex; justify-content: space-between; padding: 0 2px 2px; }
.outputs { padding: 6px 0 0 12px; } .outputs > * { margin: 4px 0; }
.stderr, .error { border-left: 3px solid var(--bad); }
.ansi-black-fg, .ansi-bright-black-fg { color: var(--soft); } .ansi-red-fg, .ansi-bright-red-fg { color: var(--bad); }
.ansi-green-fg, .ansi-bright-green-fg { color: var(--good); } .ansi-yellow-fg, .ansi-bright-yellow-fg { color: #9a6700; }
.ansi-blue-fg, .ansi-bright-blue-fg { color: var(--number); }
.ansi-magenta-fg, .ansi-bright-magenta-fg { color: var(--keyword); } .ansi-cyan-fg, .ansi-bright-cyan-fg { color: #1b7c83; }
@media (prefers-color-scheme: dark) { .ansi-yellow-fg, .ansi-bright-yellow-fg { color: #d29922; }
  .ansi-cyan-fg, .ansi-bright-cyan-fg { color: #39c5cf; } }
`;
