/** The op records that no case measures, and why. */
const REASONS = {
  'a view: no element is touched':
    'broadcastTo chunk detach diagonal flatten movedim narrow permute ravel reshape select split squeeze swapaxes t ' +
    'tensorSplit transpose unbind unflatten unsqueeze positive atleast1d atleast2d atleast3d broadcastTensors dsplit hsplit vsplit reshapeAs viewAs',
  'no usual loop to compare with': 'ctcLoss mode mvlgamma polygamma unravelIndex',
  'random: the sequence is that of a generator, not a kernel':
    'alphaDropout bernoulli dropout dropout1d dropout2d dropout3d featureAlphaDropout gumbelSoftmax multinomial rrelu',
};

export function notMeasured(nabla, measured) {
  const names = new Set();
  for (const space of [nabla, nabla.F, nabla.linalg])
    for (const value of Object.values(space)) if (value?.record) names.add(value.record.name);
  const lines = [];
  for (const [reason, list] of Object.entries(REASONS)) {
    lines.push(`Not measured, ${reason}: ${list}`);
    for (const name of list.split(' ')) names.delete(name);
  }
  const rest = [...names].filter((name) => !measured.has(name));
  lines.push(`Not measured, without a reason: ${rest.length === 0 ? 'none' : rest.join(' ')}`);
  return lines.join('\n');
}
