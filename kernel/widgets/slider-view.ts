/** What draws a slider in the page: a module for anywidget, and its style, in the colours of the frontend's theme. */

export const SLIDER_ESM = `
const format = (value) => {
  const rounded = Number(value.toPrecision(4));
  const size = Math.abs(rounded);
  return size !== 0 && (size < 1e-3 || size >= 1e6) ? rounded.toExponential() : String(rounded);
};
function render({ model, el }) {
  const row = document.createElement('label');
  row.className = 'nabla-slider';
  const name = document.createElement('span');
  const range = document.createElement('input');
  range.type = 'range';
  const reading = document.createElement('output');
  row.append(name, range, reading);
  el.append(row);

  const warp = (value) => (model.get('log') ? Math.log(value) : value);
  const unwarp = (value) => (model.get('log') ? Math.exp(value) : value);
  const draw = () => {
    name.textContent = model.get('label');
    name.hidden = model.get('label') === '';
    range.min = String(warp(model.get('min')));
    range.max = String(warp(model.get('max')));
    range.step = String(warp(model.get('step')));
    range.value = String(warp(model.get('value')));
    reading.textContent = format(model.get('value'));
  };
  range.addEventListener('input', () => {
    const position = Number(range.value);
    const bounded = Math.min(Math.max(unwarp(position), model.get('min')), model.get('max'));
    const value = Number(bounded.toPrecision(12));
    model.set('value', value);
    model.save_changes();
    reading.textContent = format(value);
  });
  const names = ['value', 'min', 'max', 'step', 'label', 'log'];
  for (const each of names) model.on('change:' + each, draw);
  draw();
  return () => {
    for (const each of names) model.off('change:' + each, draw);
  };
}
export default { render };
`;

export const SLIDER_CSS = `
.nabla-slider {
  display: inline-flex;
  align-items: center;
  gap: 0.75em;
  padding: 0.3em 0;
  color: var(--jp-content-font-color1, inherit);
  font: 13px var(--jp-ui-font-family, system-ui, sans-serif);
}
.nabla-slider input { width: 18em; accent-color: var(--jp-brand-color1, #2563eb); }
.nabla-slider output { min-width: 5em; font-variant-numeric: tabular-nums; }
`;
