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
  range.min = '0';
  range.step = '1';
  const reading = document.createElement('output');
  row.append(name, range, reading);
  el.append(row);

  // The knob stands on whole numbers of steps, so that both ends can be reached.
  const warp = (value) => (model.get('log') ? Math.log(value) : value);
  const unwarp = (value) => (model.get('log') ? Math.exp(value) : value);
  const bounds = () => [warp(model.get('min')), warp(model.get('max')), warp(model.get('step'))];
  const steps = () => {
    const [min, max, step] = bounds();
    return Math.ceil((max - min) / step - 1e-9);
  };
  const draw = () => {
    const [min, , step] = bounds();
    name.textContent = model.get('label');
    name.hidden = model.get('label') === '';
    range.max = String(steps());
    range.value = String((warp(model.get('value')) - min) / step);
    reading.textContent = format(model.get('value'));
  };
  range.addEventListener('input', () => {
    const at = Number(range.value);
    const [min, , step] = bounds();
    const exact = at === 0 ? model.get('min') : at === steps() ? model.get('max') : unwarp(min + at * step);
    const value = Number(exact.toPrecision(model.get('log') ? 4 : 12));
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
